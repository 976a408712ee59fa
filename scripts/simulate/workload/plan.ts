import type { Rates } from "../faults.ts";

/** A record that a producer sends: all of it is data, so that a failing run can be written down and made smaller. */
export interface PlannedRecord {
  readonly key: string | null;
  /** Null is a tombstone. */
  readonly value: Reading | null;
  /** After the beginning of the run, ms. */
  readonly atMs: number;
}

export interface Reading {
  /** Of this record alone. */
  readonly id: string;
  readonly n: number;
  /** Another key: producers share groups, never keys. */
  readonly group: string;
  /** User code throws on it. */
  readonly bad?: true;
}

export interface PlannedBatch {
  /** Before it is sent, ms. */
  readonly pauseMs: number;
  readonly records: readonly PlannedRecord[];
}

export interface PlannedProducer {
  readonly id: number;
  readonly topic: string;
  readonly batches: readonly PlannedBatch[];
}

/** How far apart times of records may lie and still count everywhere: then the order of arrival changes no end result. */
export type Lateness = "none" | "some";

export interface PlannedPipeline {
  /** One of the family in `pipelines.ts`. */
  readonly kind: string;
  readonly name: string;
  /** As many as the kind needs. */
  readonly sources: readonly string[];
  readonly trigger: "perEvent" | "every" | "everyRecords";
  readonly lateness: Lateness;
  /** Of the topics that it writes. */
  readonly outputPartitions: number;
}

/**
 * What people do to a pipeline that runs.
 * `reset`: it begins anew; `clear`: and what it has written to tables and files goes before.
 * `upgrade`: a higher version is deployed; `redeploy`: other code of the same version, whose tasks do not speak with those of
 * the former; `mistake`: the bundle lacks it for a while; `misfit`: its version comes with other stores for a while;
 * `outgrown`: the same, and a higher version ends it.
 * `swap`: a fork takes its place; `abandon`: a fork does not.
 * `drop`: a topic that it writes is deleted by force and made again, and it begins anew.
 * `trim`: of each partition of what it reads the first part of the records goes, whether they have been read or not.
 * `pause`: for a while. `redrive`: all its dead letters run again; `redriveSome`: those at some places.
 */
export type ChangeKind =
  | "reset"
  | "clear"
  | "upgrade"
  | "redeploy"
  | "mistake"
  | "misfit"
  | "outgrown"
  | "swap"
  | "abandon"
  | "drop"
  | "trim"
  | "pause"
  | "redrive"
  | "redriveSome";

export interface PlannedChange {
  readonly kind: ChangeKind;
  /** Its name. */
  readonly pipeline: string;
  /** After the pipeline began to run. */
  readonly afterMs: number;
  /** Of a `trim`: how much of the log, 0 to 1. */
  readonly part?: number | undefined;
}

/** Everything that a run is made of. */
export interface RunPlan {
  readonly seed: number;
  readonly topics: readonly { readonly name: string; readonly partitions: number }[];
  readonly pipelines: readonly PlannedPipeline[];
  readonly producers: readonly PlannedProducer[];
  /** One after another. */
  readonly changes?: readonly PlannedChange[] | undefined;
  readonly rates: Rates;
  /** After so many steps nothing goes wrong any more. */
  readonly faultSteps: number;
  /** No fault but these happens, by name. */
  readonly only?: readonly string[] | undefined;
  /** Messages take no time. */
  readonly prompt?: boolean | undefined;
}
