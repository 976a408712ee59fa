import type { Answer } from "../schema/error.ts";
import type { ChangesCursor, StorePlace } from "../schema/rpc/store.ts";
import { decodeCursor, encodeCursor, foreignCursor, isIndex } from "./store-cursor.ts";

/** Where a follower stands, in each partition that it has begun with. */
export type ChangePositions = ReadonlyMap<number, ChangesCursor>;

type Part = readonly [
  partition: number,
  incarnation: number,
  beganMs: number,
  seq: number,
  taking?: readonly [] | readonly [key: string, at: number, seq: number],
];

/** The `id` of an event. It belongs to one store, or to one key of it. */
export function writeChangeCursor(name: string, positions: ChangePositions): string {
  return encodeCursor([name, ...[...positions].map(partOf)]);
}

function partOf([partition, { incarnation, beganMs, seq, taking }]: readonly [number, ChangesCursor]): Part {
  const at = [partition, incarnation, beganMs, seq] as const;
  if (taking === undefined) return at;
  const { after } = taking;
  return [...at, after === undefined ? [] : [after.key, after.at, after.seq]];
}

/** It comes back from a client, who may have changed it. */
export function readChangeCursor(name: string, text: string): Answer<{ readonly positions: ChangePositions }> {
  const [of, ...parts] = decodeCursor(text) ?? [];
  const positions = new Map<number, ChangesCursor>();
  for (const part of of === name ? parts : [undefined]) {
    const position = positionOf(part);
    if (position === undefined) return foreignCursor();
    positions.set(...position);
  }
  return { ok: true, positions };
}

function positionOf(part: unknown): readonly [number, ChangesCursor] | undefined {
  if (!Array.isArray(part)) return undefined;
  const [partition, incarnation, beganMs, seq, taking] = part as unknown[];
  if (!isIndex(partition) || !isIndex(incarnation) || !isIndex(beganMs) || !isIndex(seq)) return undefined;
  const at = { incarnation, beganMs, seq };
  if (taking === undefined) return [partition, at];
  if (!Array.isArray(taking)) return undefined;
  if (taking.length === 0) return [partition, { ...at, taking: {} }];
  const after = placeOf(taking);
  return after && [partition, { ...at, taking: { after } }];
}

function placeOf([key, at, seq]: readonly unknown[]): StorePlace | undefined {
  if (typeof key !== "string" || !Number.isSafeInteger(at) || !isIndex(seq)) return undefined;
  return { key, at: at as number, seq };
}
