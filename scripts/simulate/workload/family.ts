import type { ErrorPolicy } from "../../../schema/plan.ts";
import type { Pipeline, PipelineBuilder, Stream } from "../../../sdk/streams/index.ts";
import type { Calls } from "./calls.ts";
import type { PlannedProducer, Reading } from "./plan.ts";
import { atRedrive } from "./redriving.ts";

/**
 * What must be the same as in a run in which nothing goes wrong. `order`: the records of each key in their order; `bag`: in
 * any order; `last`: the last of each key.
 */
export type Result =
  | { readonly kind: "topic"; readonly name: string; readonly by: "order" | "bag" | "last" }
  | { readonly kind: "table"; readonly name: string }
  | { readonly kind: "files"; readonly name: string }
  | { readonly kind: "store"; readonly name: string };

/** What plain code makes of the records sent: the values of a store, each with its key. */
export interface Plain {
  readonly store: string;
  readonly values: readonly (readonly [key: string, value: unknown])[];
}

export interface Built {
  readonly pipeline: Pipeline;
  /** A topic that has all its records before the pipeline starts. */
  readonly first: string | undefined;
  readonly outputs: readonly string[];
  readonly results: readonly Result[];
  /** The same where dead letters are redriven. */
  readonly again: readonly Result[];
  /** Its dead letters are. */
  readonly redriven: boolean;
  /** What its async function was called with. */
  readonly calls: Calls;
  readonly plain: (sent: readonly PlannedProducer[]) => (Plain & { readonly pipeline: string }) | undefined;
}

export interface Family {
  readonly sources: 1 | 2;
  /** Micro-batches show in what it sends, more than in how many updates a key gets. */
  readonly batched?: boolean | undefined;
  /** A source that has all its records before the pipeline starts. */
  readonly first?: number | undefined;
  /** Whether it takes tombstones. */
  readonly tombstones?: boolean | undefined;
  /** It does not begin anew: what is checked of it would come twice. */
  readonly once?: boolean | undefined;
  /** It reads what it writes. */
  readonly allowCycle?: boolean | undefined;
  /** What becomes of a record that fails: a dead letter unless given. */
  readonly onError?: ErrorPolicy | undefined;
  readonly define: (builder: PipelineBuilder, parts: Parts) => void;
  readonly results: (parts: Parts) => readonly Result[];
  /** Of those, or instead, what is the same whenever dead letters are redriven; nothing unless given. */
  readonly again?: ((parts: Parts) => readonly Result[]) | undefined;
  readonly outputs: (parts: Parts) => readonly string[];
  /** Of what was sent to its sources; undefined where it depends on more. */
  readonly plain?: ((sent: Sent, parts: Parts) => Plain | undefined) | undefined;
}

export interface Sent {
  /** All but tombstones, in the order of each key. */
  readonly readings: readonly Keyed[];
  readonly readingsOf: (source: number) => readonly Keyed[];
  /** The last reading of each key of a source that has not gone since. */
  readonly rows: (source: number) => ReadonlyMap<string, Reading>;
}

export interface Keyed {
  readonly key: string;
  readonly reading: Reading;
  /** After the beginning of the run, ms. */
  readonly atMs: number;
}

export interface Parts {
  readonly name: string;
  readonly sources: readonly string[];
  readonly late: boolean;
  readonly batched: boolean;
  /** Its dead letters are redriven, at the end all of them. */
  readonly redriven: boolean;
  readonly calls: Calls;
}

export const LONG = "1 hour";
export const READING_COLUMNS = { id: "TEXT", n: "INTEGER", grp: "TEXT" } as const;

/** The one place where user code throws: on some readings at first, on others whenever they come. */
export function good(reading: Reading): Reading {
  if (reading.bad === true && !(mendable(reading) && atRedrive())) throw new Error("a bad reading");
  return reading;
}

export function mendable({ n }: Reading): boolean {
  return n % 2 === 0;
}

export function read({ stream }: PipelineBuilder, { sources }: Parts, at = 0): Stream<Reading> {
  return stream<Reading>(sources[at] ?? "");
}

export const out = ({ name }: Parts): string => `${name}-out`;
export const letters = ({ name }: Parts): Result => ({ kind: "topic", name: `${name}.dead-letters`, by: "bag" });
/** What each key got: one by one where every record is an update of its own, else only the last. */
export const updates = (parts: Parts): Result => ({
  kind: "topic",
  name: out(parts),
  by: parts.batched ? "last" : "order",
});

/** Whether a reading gets through in the end. */
export const passes =
  ({ redriven }: Parts) =>
  ({ reading }: Keyed): boolean =>
    reading.bad !== true || (redriven && mendable(reading));

/** Sums by key. */
export function totals(
  all: readonly Keyed[],
  part: (each: Keyed) => readonly [key: string, n: number],
): [key: string, total: number][] {
  const sums = new Map<string, number>();
  for (const [key, n] of all.map(part)) sums.set(key, (sums.get(key) ?? 0) + n);
  return [...sums];
}
