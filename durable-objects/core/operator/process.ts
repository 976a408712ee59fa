import { MAX_TIMERS_AT_ONCE } from "../../../schema/limits.ts";
import type { PlanKey, ProcessNode, RecordContext } from "../../../schema/plan.ts";
import type { ProcessWallClock } from "../../../schema/processor-functions.ts";
import type { ProcessResult, ProcessRuntime, ProcessTimers, Timer } from "../../../schema/processor-functions.ts";
import type { ConsumerRecord } from "../../../schema/record.ts";
import { closeWhenIdleMs } from "../plan/close-when-idle.ts";
import type { TimerQueue } from "../store/timer-queue.ts";
import type { OperatorClock } from "./clock.ts";
import { utf8 } from "./key-text.ts";
import { compositeKey, splitCompositeKey } from "./keyed-state.ts";
import type { Operator, Output, Runtime, Unsent } from "./operator.ts";
import type { ProcessorState } from "./processor-state.ts";
import { storeKey } from "./record-key.ts";
import { type Cause, resultOf, returnedItems, returnedValue } from "./returned.ts";
import { StreamRecord } from "./stream-record.ts";
import { WallTimers } from "./wall-timers.ts";

export interface ProcessParts {
  readonly node: ProcessNode;
  readonly state: ProcessorState;
  readonly timers: TimerQueue;
  /** By the clock on the wall. */
  readonly wallTimers: TimerQueue | undefined;
  readonly clock: OperatorClock;
}

const STREAM_INPUT = 0;

/**
 * Runs a processor (PRC-1). Timers that the time of a record brings due fire before the record is processed, in order of
 * time, then key; those that processing sets for a time that has come, right after it.
 */
export class Process implements Operator {
  readonly name: string;
  readonly wallTimers: WallTimers | undefined;
  readonly #parts: ProcessParts;
  readonly #runtime: Runtime;
  readonly #output: Output;

  constructor(parts: ProcessParts, runtime: Runtime, output: Output) {
    this.name = parts.node.name;
    this.#parts = parts;
    this.#runtime = runtime;
    this.#output = output;
    const { wallTimers: queue } = parts;
    const fire = (key: string, timer: Timer): void => this.#fireByWall(key, timer);
    this.wallTimers = queue && new WallTimers({ node: this.name, queue, runtime, fire });
  }

  process(record: StreamRecord): void {
    const { node, clock, state } = this.#parts;
    const key = this.#keyOf(record);
    if (key === undefined) return;
    clock.advance(record.timestampMs, STREAM_INPUT);
    if (!clock.movesByBatch) this.timeMoved();
    this.#runtime.trace.node = this.name;
    state.meet(key);
    this.#send(key, record, node.record(record.value, key, this.#contextOf(key, record.context)));
    if (!clock.movesByBatch) this.timeMoved();
  }

  /** A row of the table that holds initial states: it counts for a key that nothing has come for yet. */
  initial(record: StreamRecord): void {
    const { node, state } = this.#parts;
    const key = this.#keyOf(record);
    if (key === undefined || record.value === null || state.met(key)) return;
    state.meet(key);
    this.#send(key, record, node.initial?.(record.value, key, this.#contextOf(key, record.context)));
  }

  timeMoved(): void {
    const { timers, clock, state } = this.#parts;
    // Here, not before a flush: what is left in the stores then depends on the records alone, not on the slices (PRC-4).
    state.letGo();
    const fired = new Map<string, number>();
    for (const due of timers.takeDue(clock.streamTimeMs)) {
      const times = (fired.get(due.key) ?? 0) + 1;
      fired.set(due.key, times);
      const [key, name] = splitCompositeKey(due.key);
      this.#fire(key, { name, dueMs: due.dueMs }, times);
    }
  }

  expire(): void {
    this.#parts.state.expire();
  }

  /** Timers that fire by records alone hold nobody back: there may never be one. */
  unsent(): Unsent | undefined {
    const { node, timers } = this.#parts;
    const dueMs = closeWhenIdleMs(node) < Infinity ? timers.first()?.dueMs : undefined;
    return dueMs === undefined ? undefined : { fromMs: dueMs, dueMs };
  }

  #fire(key: string, timer: Timer, times: number): void {
    const { node } = this.#parts;
    const { origin } = this.#runtime;
    const from = { timestampMs: timer.dueMs, origin };
    this.#runtime.unit(
      () => letterOf(key, { timer: timer.name, dueMs: timer.dueMs }, { timestampMs: timer.dueMs, origin }),
      () => {
        this.#runtime.trace.node = this.name;
        if (times > MAX_TIMERS_AT_ONCE) {
          throw new RangeError(
            `timer "${timer.name}" of one key came due ${times} times at once: it sets itself for a time that has come`,
          );
        }
        const { context } = new StreamRecord(key, returnedValue(null, this.name), from);
        this.#send(key, from, node.timer?.(timer, key, this.#contextOf(key, context)));
      },
    );
  }

  /** Results have the task's time, as Kafka Streams': the clock on the wall says nothing of when records were. */
  #fireByWall(key: string, timer: Timer): void {
    const { node } = this.#parts;
    const { origin, streamTimeMs } = this.#runtime;
    const from = { timestampMs: Math.max(0, streamTimeMs), origin };
    this.#runtime.unit(
      () => letterOf(key, { wallClockTimer: timer.name, dueMs: timer.dueMs }, from),
      () => {
        this.#runtime.trace.node = this.name;
        const { context } = new StreamRecord(key, returnedValue(null, this.name), from);
        this.#send(key, from, node.wallClockTimer?.(timer, key, this.#contextOf(key, context)));
      },
    );
  }

  #keyOf({ key }: { readonly key: PlanKey }): string | undefined {
    if (key !== null) return storeKey(key, this.name);
    this.#runtime.tally.droppedRecords++;
    return undefined;
  }

  #contextOf(key: string, record: RecordContext): ProcessRuntime {
    const { clock, state, timers } = this.#parts;
    const { wallTimers, name } = this;
    return {
      timestampMs: record.timestampMs,
      offset: record.offset,
      topic: record.topic,
      partition: record.partition,
      get headers() {
        return record.headers;
      },
      get streamTimeMs() {
        return clock.streamTimeMs;
      },
      state: state.handlesFor(key, record.timestampMs),
      timers: timersOf(timers, key, this.name),
      get wallClock() {
        return wallTimers?.clockFor(key) ?? noWallClock(name);
      },
    };
  }

  #send(key: string, from: Cause, results: Iterable<ProcessResult> | undefined | void): void {
    if (results === undefined) return;
    const records = returnedItems(results, this.name).map((result) =>
      resultOf(result, { key, timestampMs: from.timestampMs, origin: from.origin }, this.name),
    );
    for (const record of records) this.#output.forward(record);
    this.#runtime.trace.node = this.name;
  }
}

/** The rows of initial states, as an input of their own. */
export class ProcessInitial implements Operator {
  readonly name: string;
  readonly #process: Process;

  constructor(process: Process) {
    this.name = process.name;
    this.#process = process;
  }

  process(record: StreamRecord): void {
    this.#process.initial(record);
  }
}

function timersOf(timers: TimerQueue, key: string, node: string): ProcessTimers {
  return {
    set(dueMs, name = "") {
      if (!Number.isSafeInteger(dueMs))
        throw new RangeError(`${node} sets a timer for ${dueMs}; a time is whole milliseconds`);
      timers.set({ dueMs, key: compositeKey(key, name), payload: "1" });
    },
    clear: (dueMs, name = "") => timers.clear(dueMs, compositeKey(key, name)),
  };
}

/** Without the function that such timers call nobody reads the clock for the task. */
function noWallClock(node: string): ProcessWallClock {
  const refuse = (): never => {
    throw new Error(`${node} looks at the wall clock: give it a wallClockTimer, which timers by that clock call`);
  };
  return {
    get nowMs() {
      return refuse();
    },
    set: refuse,
    clear: refuse,
  };
}

/** A timer has no record: its dead letter says which it was. */
function letterOf(key: string, timer: object, { timestampMs, origin }: Cause): ConsumerRecord {
  const value = utf8(JSON.stringify(timer));
  return { key: utf8(key), value, timestampMs, headers: [], offset: origin.record.offset };
}
