import type { SentRecord } from "../../../schema/rpc/log.ts";
import type { Bytes, ConsumerRecord } from "../../../schema/record.ts";
import type { AskedCall, BatchCall, LookupAnswers } from "../operator/operator.ts";
import type { SelectPort } from "../sql/select-port.ts";
import type { CacheBudget } from "../store/cache-budget.ts";
import type { StateStore } from "../store/state-store.ts";
import type { WaitingBounds } from "./parked-keys.ts";
import type { RecordFailure } from "./record-failure.ts";
import type { UpstreamRange } from "./upstream-times.ts";

/** A topic that the task writes. */
export interface TaskOutput {
  readonly partitions: number;
  /** Of an internal topic: the number of this task among those that write it. */
  readonly upstream?: number | undefined;
  /** How many those are. */
  readonly upstreams?: number | undefined;
}

/** What a stored batch of an internal topic says of the task that sent it; -1 where it does not say its progress. */
export interface BatchEnd {
  readonly upstream: number;
  readonly progressMs: number;
  /** The batch has no records of the pipeline. */
  readonly control: boolean;
}

/** A record of the input log; in an internal topic the last of a batch says what the batch says. */
export interface InputRecord extends ConsumerRecord {
  readonly batchEnd?: BatchEnd | undefined;
}

/** Everything outside itself that a task may touch. */
export interface TaskPorts {
  readonly store: StateStore;
  /** The input log. */
  readonly topic: string;
  readonly partition: number;
  /** Topics it writes, dead-letter topic included; internal ones by their logical names. */
  readonly outputs: { readonly [topic: string]: TaskOutput };
  /** Of an internal input, by tag: the tasks that write it. */
  readonly upstreams?: readonly UpstreamRange[] | undefined;
  /** Deserialized state kept between slices; a memory bound, never a change of results. */
  readonly cacheBytes: number;
  /** What it keeps is also part of what all tasks of an isolate may keep. */
  readonly cacheBudget?: CacheBudget | undefined;
  /** Runs a SELECT over stores and parameters; a task without `batchSql` needs none. */
  readonly select?: SelectPort | undefined;
  /** Of the pipeline, for its dead letters. */
  readonly incarnation?: number | undefined;
}

/**
 * One row for the outbox. `target` is stable for the life of an incarnation:
 * `topic:<topic>/<partition>` body is a RecordBatch (producer fields -1);
 * `d1:<table>` body is JSON rows in column order joined by commas: `["ATL",0,12],["BOS",0,3]`;
 * `r2:<prefix>/<path>` body is NDJSON, every line ended by a newline.
 * A body is at most MAX_BATCH_BYTES; a slice may give several rows for one target, in order.
 */
export interface OutboxRow {
  readonly target: string;
  readonly records: number;
  readonly body: Bytes;
  /** The body is the batch of the task's own log that begins here, but for its producer. */
  readonly copyOf?: number | undefined;
}

/** A record sent to a topic, and the offset of the record that caused it. */
export interface WatchedRecord extends SentRecord {
  readonly offset: number;
}

export interface SliceOptions {
  /**
   * What the clock on the wall says from here on, to a task that looks at it; it says what it said before where this is
   * absent. An input: journaled. Timers that are due by it fire in a tick.
   */
  readonly wallClockMs?: number | undefined;
  /** Wall clock, constant in a slice. */
  readonly nowMs: number;
  /** Present when the records are one whole micro-batch: updates are emitted once per key at its end. */
  readonly microBatch?: { readonly batchId: number } | undefined;
  /** The records are not run: each is dead-lettered for this reason (the crash guard's `terminated`). */
  readonly terminated?: string | undefined;
  /** What is sent for records `from <= offset < to` is told in `watched`. */
  readonly watch?: { readonly from: number; readonly to: number } | undefined;
  /** Records at these offsets are dead letters when they fail, whatever the policy. */
  readonly giveUp?: ReadonlySet<number> | undefined;
  /** What was found for all that the records look up (LKP-1); without it the slice only asks. */
  readonly lookups?: LookupAnswers | undefined;
}

export interface TickOptions {
  /** The clock on the wall: timers by it that are due fire. */
  readonly nowMs: number;
  /**
   * The largest record time in the log and how long its end has been quiet: event time goes on at the pace of the clock.
   * Only when every record of the log has been run; else absent, and event time stands still.
   */
  readonly eventTimeMs?: number | undefined;
  /** Of the record before which it is seen: results have it as their offset. */
  readonly offset: number;
  /** Where the pipeline runs in micro-batches: the tick is one, without records. */
  readonly microBatch?: { readonly batchId: number } | undefined;
  /** Offsets at which what fails is a dead letter, whatever the policy. */
  readonly giveUp?: ReadonlySet<number> | undefined;
}

/** A dead letter that comes again: a record of the input, or what waits of a parked key, at most so many. */
export type Redriven =
  | { readonly kind: "record"; readonly record: ConsumerRecord }
  | { readonly kind: "parked"; readonly key: string; readonly records: number };

export interface SliceResult {
  readonly rows: readonly OutboxRow[];
  readonly recordsIn: number;
  readonly recordsOut: number;
  readonly stateRowsWritten: number;
  /** When a slice without records should run, to tell internal topics of progress that was held back (ENG-22). */
  readonly progressDueMs: number | undefined;
  readonly watched: readonly WatchedRecord[];
  /** The policy stopped the slice in front of this record: what came before it is done. */
  readonly failure: RecordFailure | undefined;
  /** Async functions of the plan and their records: called by the owner before it commits the slice. */
  readonly batchCalls: readonly BatchCall[];
  /** What a slice without `lookups` would look up, in order. */
  readonly lookupCalls: readonly AskedCall[];
  /** JSON text: clocks, counters. Given back to `restore` after a wake. */
  readonly progress: string;
}

/** Counters that only grow, part of `progress`. */
export interface TaskCounters {
  readonly recordsIn: number;
  readonly recordsOut: number;
  readonly lateRecords: number;
  readonly deadLetters: number;
  /** Records an operator must drop (null key in an aggregate). */
  readonly droppedRecords: number;
}

/**
 * A pipeline's code over one partition's log. Deterministic: state and outputs are a function of the records given so far
 * in order and of the micro-batch boundaries. Not re-checked: records come in offset order without gaps from the position
 * of the progress restored.
 */
export interface TaskPort {
  /** Forgets everything in memory and takes up the committed progress; `undefined` is a first start. */
  restore(progress: string | undefined): void;
  /**
   * Runs the records, flushes state to `ports.store` and gives what must be committed with it. Throws only when the store
   * throws, on a bug, or with a RecordFailure where a policy stops a task inside a micro-batch; the caller then rolls back and calls `restore`. An error of user code is a dead letter, not a throw.
   */
  run(records: Iterable<InputRecord>, options: SliceOptions): SliceResult;
  /**
   * Time goes on without records, as an input of its own: journaled. The same or an earlier one again changes nothing, but
   * for timers that are due still. As `run` otherwise, and throws a RecordFailure where a policy stops it (ENG-27, PRC-8).
   */
  tick(options: TickOptions): SliceResult;
  /**
   * Runs dead letters again, in this order, as an input of its own: journaled, between two records of the log. What fails
   * again is a dead letter again, whatever the policy; of a parked key the record stays the first that waits (ERR-5, ERR-6).
   */
  redrive(items: readonly Redriven[], options: SliceOptions): SliceResult;
  /** The records that `redrive` would run. */
  redriven(items: readonly Redriven[]): ConsumerRecord[];
  /** Of the records of the key that wait, how many are within the bounds: at least one, if any waits. */
  parkedWithin(key: string, bounds: WaitingBounds): number;
  /** Records of the key that wait, and the offset of the first. */
  parked(key: string): { readonly records: number; readonly offset: number } | undefined;
  /**
   * How long the end of the log must be quiet until a tick lets something close, ms since its last record was appended;
   * undefined when nothing waits for that, or a task before this one holds it back. Control batches are no records.
   */
  readonly tickAfterMs: number | undefined;
  /** What the clock on the wall said last, ms since epoch; undefined of a task that does not look at it. */
  readonly wallClockMs: number | undefined;
  /** When the first timer by that clock is due; undefined when none is set. */
  readonly wallDueMs: number | undefined;
  readonly counters: TaskCounters;
  /** Largest record time seen, -1 before the first. */
  readonly streamTimeMs: number;
  /**
   * How far the time has come by which something closes: of the clocks of its operators the least, with what a watermark
   * takes off and upstreams hold back, -1 while one of them has not begun. Without such operators it is `streamTimeMs`.
   */
  readonly clockMs: number;
  /** Word for the internal topics it writes that nothing comes for now and nothing is held back (ENG-22). */
  idle(): readonly OutboxRow[];
  /** And that it is not idle any more. */
  awake(): readonly OutboxRow[];
  /** Whether a task behind an internal topic minds what `idle` and `progressDueMs` tell it. */
  readonly heard: boolean;
  /**
   * Whether nothing comes out of it any more unless records come: all that write its internal input have said that they are
   * idle, and no window is open that closes when nothing comes. Only then it may say that it is idle itself (ENG-23).
   */
  readonly settled: boolean;
  /** Of an internal input: numbers of the tasks that hold its time back, because they have not come further. */
  readonly slowest: readonly number[];
  /** Names, kinds and window sizes of its stores, canonical text: equal means the state can be taken over. */
  readonly layout: string;
}
