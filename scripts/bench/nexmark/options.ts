import { MAX_PARTITIONS } from "../../../schema/limits.ts";
import { EngineError } from "../../engine/engine-error.ts";
import type { Query } from "./queries/query.ts";

export interface NexmarkOptions {
  readonly queries: readonly Query[];
  readonly events: number;
  readonly partitions: readonly number[];
}

export const nexmarkFlags = {
  queries: { type: "string" },
  events: { type: "string" },
  partitions: { type: "string" },
} as const;

const MAX_EVENTS = 10_000_000;
/** All queries on one and on four partitions then take some ten minutes on two cores. */
export const DEFAULT_EVENTS = 250_000;

/** What the flags say of these queries. Throws an EngineError for what cannot be. */
export function nexmarkOptions(
  flags: { readonly [flag in keyof typeof nexmarkFlags]?: string | undefined },
  queries: readonly Query[],
): NexmarkOptions {
  const { events = String(DEFAULT_EVENTS), partitions = "1,4" } = flags;
  return {
    queries: flags.queries === undefined ? queries : flags.queries.split(",").map((name) => queryOf(name, queries)),
    events: numberOf(events, `--events takes a whole number from 1 to ${MAX_EVENTS}`, MAX_EVENTS),
    partitions: partitions
      .split(",")
      .map((each) => numberOf(each, `--partitions takes whole numbers from 1 to ${MAX_PARTITIONS}`, MAX_PARTITIONS)),
  };
}

function queryOf(name: string, queries: readonly Query[]): Query {
  const query = queries.find((each) => each.name === name);
  if (query !== undefined) return query;
  const names = queries.map((each) => each.name).join(", ");
  throw new EngineError("usage", `--queries: there is no query "${name}". There are ${names}.`);
}

function numberOf(text: string, wanted: string, most: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= 1 && number <= most) return number;
  throw new EngineError("usage", `${wanted}, not ${JSON.stringify(text)}.`);
}
