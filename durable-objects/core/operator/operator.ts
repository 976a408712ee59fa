import type { BatchContext, BatchRecord } from "../../../schema/plan.ts";
import type { ConsumerRecord } from "../../../schema/record.ts";
import type { StoreCache } from "../store/store-cache.ts";
import type { UndoLog } from "../store/undo-log.ts";
import type { Origin, StreamRecord } from "./stream-record.ts";
import type { WallTimers } from "./wall-timers.ts";

/**
 * One node of a running plan. Synchronous; user code may throw out of `process` and `endBatch`, through every operator
 * above it, and the task then takes back all that the record changed. So an operator changes only what is undone: state
 * through the StoreCache, its own fields through the UndoLog, output through the Outbox, counters through the Tally.
 * An operator keeps no StreamRecord, StateEntry or value of user code after `process` returns, except in a micro-batch
 * the origin of an update.
 */
export interface Operator {
  /** The plan node's name. */
  readonly name: string;
  process(record: StreamRecord): void;
  /**
   * At the end of a micro-batch, in plan order: emits what was held back. `empty`: of one without records, which followed
   * because a watermark has moved.
   */
  endBatch?(empty: boolean): void;
  /** Time may have moved without a record: what its clock now says is due is emitted, each result by `attempt`. */
  timeMoved?(): void;
  /** What its input will yet bring out of it as time goes on; undefined when there is nothing. */
  unsent?(): Unsent | undefined;
  /** Timers by the clock on the wall, which the task fires in a tick. */
  readonly wallTimers?: WallTimers | undefined;
  /** Before each flush: lets go of state whose retention has passed. A function of the clock alone. */
  expire?(): void;
}

/** Results that come later, by operator time. */
export interface Unsent {
  /** None of them has an earlier time. */
  readonly fromMs: number;
  /** When the first of them comes, if nothing else does. */
  readonly dueMs: number;
}

/** Which node is at work, to say who threw. */
export interface Trace {
  node: string;
}

/** Counts that are taken back with the record. */
export interface Tally {
  recordsOut: number;
  lateRecords: number;
  droppedRecords: number;
  deadLetters: number;
}

/** An async function of the plan and the records of this micro-batch for it. */
export interface BatchCall {
  readonly node: string;
  readonly records: readonly BatchRecord[];
}

/** What a node looks up: the JSON of a key. */
export interface LookupCall {
  readonly node: string;
  readonly key: string;
}

/** With the offset of the record that needs it. */
export interface AskedCall extends LookupCall {
  readonly offset: number;
}

/** What was found, as JSON; null where there is nothing. */
export type LookupAnswer = { readonly found: string | null } | { readonly error: string };

export type LookupAnswers = (call: LookupCall) => LookupAnswer | undefined;

/** What the task gives its operators. */
export interface Runtime {
  readonly cache: StoreCache;
  readonly undo: UndoLog;
  readonly tally: Tally;
  readonly trace: Trace;
  /** Where a result that time brings comes from: the place of the record at work, without its key and headers. */
  readonly origin: Origin;
  /** The largest record time that the task has seen, -1 before the first. */
  readonly streamTimeMs: number;
  /** The clock on the wall as the task's owner read it last. Only of a task with timers by it. */
  readonly wallClockMs: number;
  /** The records being run are one micro-batch. */
  readonly microBatch: boolean;
  /** That micro-batch. */
  readonly batch: BatchContext;
  /**
   * Runs work as a unit of its own, inside another or not: an error undoes what the unit changed and nothing before it,
   * and is the dead letter of this record. When the unit around it fails, all of it goes, the dead letter too.
   */
  unit(letter: () => ConsumerRecord | readonly ConsumerRecord[], work: () => void): void;
  /** The record as a dead letter holds it. */
  letterOf(record: StreamRecord): ConsumerRecord;
  /** Hands records to an async function that the task's owner calls once the slice has been tried (BAT-20). */
  readonly batchCalls: BatchCall[];
  /** What was found before the slice; undefined where the slice only asks what will be looked up. Throws where nobody asked. */
  lookUp(call: LookupCall): LookupAnswer | undefined;
  /** Stops the task: nothing of the slice stays, and the task says why until it is resumed. */
  stop(reason: string): never;
  /** Forwards an update as a unit of its own, which is the update's dead letter when it fails. */
  attempt(update: StreamRecord, output: Output): void;
}

/** The consumers of one node, in plan order. All get the same record: a value is shared by its branches. */
export class Output {
  readonly #trace: Trace;
  readonly #consumers: readonly Operator[];
  /** Somebody behind reads `before`: what a table sends must have it. */
  readonly readsBefore: boolean;

  constructor(trace: Trace, consumers: readonly Operator[], readsBefore = false) {
    this.#trace = trace;
    this.#consumers = consumers;
    this.readsBefore = readsBefore;
  }

  forward(record: StreamRecord): void {
    for (const consumer of this.#consumers) {
      this.#trace.node = consumer.name;
      consumer.process(record);
    }
  }

  /** To one of the consumers alone: `at` counts them in plan order. */
  forwardTo(at: number, record: StreamRecord): void {
    const consumer = this.#consumers[at];
    if (consumer === undefined) return;
    this.#trace.node = consumer.name;
    consumer.process(record);
  }
}
