import type { Pipeline, PipelineBuilder, Stream } from "../../../sdk/streams/index.ts";
import type { PlannedProducer, Reading } from "./plan.ts";

/**
 * What must be the same as in a run in which nothing goes wrong. `order`: the records of each key in their order; `bag`: in
 * any order; `last`: the last of each key.
 */
export type Result =
  | { readonly kind: "topic"; readonly name: string; readonly by: "order" | "bag" | "last" }
  | { readonly kind: "table"; readonly name: string }
  | { readonly kind: "files"; readonly name: string }
  | { readonly kind: "store"; readonly name: string };

/** What plain code makes of the records sent: the values of a store by key. */
export interface Plain {
  readonly store: string;
  readonly values: { readonly [key: string]: unknown };
}

export interface Built {
  readonly pipeline: Pipeline;
  readonly outputs: readonly string[];
  readonly results: readonly Result[];
  readonly plain: (sent: readonly PlannedProducer[]) => (Plain & { readonly pipeline: string }) | undefined;
}

export interface Family {
  readonly sources: 1 | 2;
  /** Micro-batches show in what it sends, more than in how many updates a key gets. */
  readonly batched?: boolean | undefined;
  /** Whether it takes tombstones. */
  readonly tombstones?: boolean | undefined;
  readonly define: (builder: PipelineBuilder, parts: Parts) => void;
  readonly results: (parts: Parts) => readonly Result[];
  readonly outputs: (parts: Parts) => readonly string[];
  /** Of all that was sent to its sources, in the order of each key; undefined where it depends on more. */
  readonly plain?: ((readings: readonly Keyed[], parts: Parts) => Plain | undefined) | undefined;
}

export interface Keyed {
  readonly key: string;
  readonly reading: Reading;
}

export interface Parts {
  readonly name: string;
  readonly sources: readonly string[];
  readonly late: boolean;
  readonly batched: boolean;
}

export const LONG = "1 hour";
export const READING_COLUMNS = { id: "TEXT", n: "INTEGER", grp: "TEXT" } as const;

/** The one place where user code throws. */
export function good(reading: Reading): Reading {
  if (reading.bad === true) throw new Error("a bad reading");
  return reading;
}

export function read({ stream }: PipelineBuilder, { sources }: Parts, at = 0): Stream<Reading> {
  return stream<Reading>(sources[at] ?? "");
}

export const out = ({ name }: Parts): string => `${name}-out`;
export const letters = ({ name }: Parts): Result => ({ kind: "topic", name: `${name}.dead-letters`, by: "bag" });
/** What each key got: one by one where every record is an update of its own, else only the last. */
export const updates = (parts: Parts): Result => ({ kind: "topic", name: out(parts), by: parts.batched ? "last" : "order" });

export function isGood({ reading }: Keyed): boolean {
  return reading.bad !== true;
}

export function totals(
  all: readonly Keyed[],
  part: (each: Keyed) => readonly [key: string, n: number],
): { [key: string]: number } {
  const sums: { [key: string]: number } = {};
  for (const [key, n] of all.filter(isGood).map(part)) sums[key] = (sums[key] ?? 0) + n;
  return sums;
}
