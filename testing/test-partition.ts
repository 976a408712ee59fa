import { idleAfterMs } from "../durable-objects/core/plan/close-when-idle.ts";
import { Asking, eachOnce, lookupsOf } from "../durable-objects/core/lookup/asking.ts";
import type { BatchCall, LookupAnswer, LookupCall } from "../durable-objects/core/operator/operator.ts";
import type { TaskPlan } from "../durable-objects/core/plan/task-plan.ts";
import { MemoryStateStore } from "../durable-objects/core/store/memory-state-store.ts";
import { RecordFailure } from "../durable-objects/core/task/record-failure.ts";
import { rowsWritten } from "../durable-objects/core/task/rows-written.ts";
import type {
  InputRecord,
  OutboxRow,
  Redriven,
  SliceResult,
  TaskCounters,
  TaskPorts,
} from "../durable-objects/core/task/task-port.ts";
import { Task } from "../durable-objects/core/task/task.ts";
import { MAX_MICRO_BATCH_RECORDS, MAX_SLICE_RECORDS } from "../schema/limits.ts";
import { type DeadLetter, inputOf } from "../schema/dead-letter.ts";
import type { Bytes, ProducerRecord } from "../schema/record.ts";
import type { TestLookups } from "./test-lookups.ts";
import { TestSelect } from "./test-select.ts";
import { internallyLogged, logged } from "./logged.ts";

/** One partition: a log, and the task that reads it as a Partition object would have it, without the object. */
export class TestPartition {
  readonly store = new MemoryStateStore();
  /** What async functions over batches were to be called with. */
  readonly batchCalls: BatchCall[] = [];
  readonly #plan: TaskPlan;
  readonly #ports: TaskPorts;
  readonly #log: InputRecord[] = [];
  #lastAppendMs = 0;
  /** Of what is not a control batch. */
  #lastRecordMs = 0;
  #progressDueMs: number | undefined;
  /** End of the log at which the task last said that it is idle. */
  #idleAt: number | undefined;
  #task: Task;
  #position = 0;
  #progress: string | undefined;
  #batchId = 0;
  /** Why the task has stopped, by the policy `fail`. */
  failure: string | undefined;
  #retried = -1;
  #retries = 0;
  readonly #giveUp = new Set<number>();
  #rowsWritten = 0;
  readonly #lookups: TestLookups;
  readonly #asking: Asking | undefined;
  /** The slice that waits for what it looks up. */
  #asked: { readonly end: number; readonly calls: readonly LookupCall[] } | undefined;
  readonly #answers = new Map<string, LookupAnswer>();

  constructor(plan: TaskPlan, ports: Omit<TaskPorts, "store">, lookups: TestLookups) {
    this.#plan = plan;
    this.#lookups = lookups;
    this.#asking = lookupsOf(plan).length === 0 ? undefined : new Asking(plan, ports);
    this.#ports = { ...ports, store: this.store, select: new TestSelect(this.store, plan) };
    this.#task = this.#restored();
  }

  get counters(): TaskCounters {
    return this.#task.counters;
  }

  get watermarkMs(): number | undefined {
    return this.#task.watermarkMs;
  }

  get rowsWritten(): number {
    return this.#rowsWritten;
  }

  /** Records not yet run, that wait for no lookup. */
  get waiting(): number {
    return this.failure === undefined && this.#asked === undefined ? this.#log.length - this.#position : 0;
  }

  /** What the records at the front of the log look up, and nobody has said yet. */
  get unanswered(): readonly LookupCall[] {
    return this.#asked?.calls ?? [];
  }

  /** Asks, then runs the slice that waited. */
  async answer(nowMs: number): Promise<readonly OutboxRow[]> {
    for (const call of this.unanswered) this.#answers.set(textOf(call), await this.#lookups.ask(call));
    const end = this.#asked?.end;
    this.#asked = undefined;
    return this.#runNext(nowMs, end);
  }

  append(records: readonly ProducerRecord[], nowMs: number): void {
    this.#lastAppendMs = this.#lastRecordMs = nowMs;
    // One by one: a spread of a large array overflows the stack.
    for (const record of logged(records, this.#log.length)) this.#log.push(record);
  }

  /** A row of another task's outbox. */
  deliver(batch: Bytes, nowMs: number): void {
    this.#lastAppendMs = nowMs;
    for (const record of internallyLogged(batch, this.#log.length)) {
      if (record.batchEnd?.control !== true) this.#lastRecordMs = nowMs;
      this.#log.push(record);
    }
  }

  /** Runs all that waits, in slices or micro-batches, and what the clock brings; answers what must be delivered, in order. */
  *run(nowMs: number): Generator<OutboxRow> {
    if (this.failure === undefined && this.#wallDueMs <= nowMs) yield* this.#tick(nowMs);
    while (this.waiting > 0) yield* this.#runNext(nowMs);
  }

  /** When the task is to be woken next, if nothing comes; undefined when it is not. */
  get dueMs(): number | undefined {
    const dueMs = Math.min(
      this.#progressDueMs ?? Infinity,
      this.#idleDueMs ?? Infinity,
      this.#quietDueMs,
      this.#ticks ? this.#wallDueMs : Infinity,
    );
    return dueMs === Infinity ? undefined : dueMs;
  }

  /** Does what is due: says how far it has come, lets event time go on, says that it is idle. */
  *wake(nowMs: number): Generator<OutboxRow> {
    if (this.#ticks && Math.min(this.#quietDueMs, this.#wallDueMs) <= nowMs) yield* this.#tick(nowMs);
    if ((this.#progressDueMs ?? Infinity) <= nowMs) yield* this.#commit(this.#task.run([], { nowMs }));
    if ((this.#idleDueMs ?? Infinity) > nowMs) return;
    this.#idleAt = this.#log.length;
    yield* this.#task.idle();
  }

  /** Runs dead letters of the task again; of a parked key all that waits (ERR-5, ERR-6). */
  redrive(letters: readonly DeadLetter[], nowMs: number): readonly OutboxRow[] {
    const items = this.#redriven(letters);
    if (items.length === 0) return [];
    const batched = this.#plan.trigger.kind !== "perEvent";
    const microBatch = batched ? { batchId: this.#batchId++ } : undefined;
    const lookups = (call: LookupCall): LookupAnswer | undefined => this.#lookups.fake(call);
    const options = { nowMs, wallClockMs: nowMs, microBatch, lookups };
    return this.#commit(this.store.transaction(() => this.#task.redrive(items, options)));
  }

  #redriven(letters: readonly DeadLetter[]): Redriven[] {
    const keys = new Set<string>();
    return letters.flatMap((letter): Redriven[] => {
      if (letter.kind !== "parked") return [{ kind: "record", record: inputOf(letter) }];
      const key = keyTextOf(letter.record.key);
      const waiting = keys.has(key) ? undefined : this.#task.parked(key);
      keys.add(key);
      return waiting === undefined ? [] : [{ kind: "parked", key, records: waiting.records }];
    });
  }

  /** A new task over the committed state, as after a restart. */
  crash(): void {
    this.#task = this.#restored();
  }

  #runNext(nowMs: number, end?: number): readonly OutboxRow[] {
    const batched = this.#plan.trigger.kind !== "perEvent";
    const limit = batched ? MAX_MICRO_BATCH_RECORDS : MAX_SLICE_RECORDS;
    const records = this.#log.slice(this.#position, end ?? this.#position + limit);
    const microBatch = batched ? { batchId: this.#batchId } : undefined;
    const lookups = (call: LookupCall): LookupAnswer | undefined =>
      this.#answers.get(textOf(call)) ?? this.#lookups.fake(call);
    const options = { nowMs, wallClockMs: nowMs, microBatch, giveUp: this.#giveUp, lookups };
    const wanted = eachOnce(this.#asking?.callsFor(records, options) ?? []);
    const calls = wanted.filter((call) => lookups(call) === undefined);
    if (calls.length > 0) {
      this.#asked = { end: this.#position + records.length, calls };
      return [];
    }
    const result = this.#attempt(() => this.#task.run(records, options));
    // Tried again, it is asked for again.
    this.#answers.clear();
    if (result === undefined) return [];
    this.#position = result.failure?.offset ?? this.#position + records.length;
    if (batched) this.#batchId += 1;
    return this.#commit(result);
  }

  /** Undefined when a policy stopped a micro-batch, of which nothing is left then. */
  #attempt(slice: () => SliceResult): SliceResult | undefined {
    try {
      return this.store.transaction(slice);
    } catch (error) {
      if (!(error instanceof RecordFailure)) throw error;
      this.crash();
      this.#failed(error);
      return undefined;
    }
  }

  /** The pauses of a retry are left out: nothing happens in them. */
  #failed(failure: RecordFailure): void {
    const policy = this.#plan.onError;
    if (policy?.kind !== "retry") {
      this.failure = failure.message;
      return;
    }
    this.#retries = this.#retried === failure.offset ? this.#retries + 1 : 1;
    this.#retried = failure.offset;
    if (this.#retries >= policy.times) this.#giveUp.add(failure.offset);
  }

  #tick(nowMs: number): readonly OutboxRow[] {
    const quiet = this.#quietDueMs <= nowMs;
    const eventTimeMs = quiet ? this.#task.streamTimeMs + (nowMs - this.#lastRecordMs) : undefined;
    const batched = this.#plan.trigger.kind !== "perEvent";
    const microBatch = batched ? { batchId: this.#batchId++ } : undefined;
    const options = { nowMs, eventTimeMs, offset: this.#position, giveUp: this.#giveUp, microBatch };
    const result = this.#attempt(() => this.#task.tick(options));
    if (result === undefined) return [];
    // What goes to others without a record takes back that the task is idle.
    if (result.rows.length > 0) this.#idleAt = undefined;
    return this.#commit(result);
  }

  #commit(result: SliceResult): readonly OutboxRow[] {
    const { rows, progress, progressDueMs, batchCalls, failure } = result;
    this.#progress = progress;
    this.#progressDueMs = progressDueMs;
    this.#rowsWritten += rowsWritten(result);
    this.batchCalls.push(...batchCalls);
    if (failure !== undefined) this.#failed(failure);
    return rows;
  }

  get #behind(): boolean {
    return this.waiting > 0 || this.#asked !== undefined;
  }

  /** Quiet closes windows at the end of the log only. */
  get #quietDueMs(): number {
    if (this.#behind || !this.#ticks) return Infinity;
    return this.#lastRecordMs + (this.#task.tickAfterMs ?? Infinity);
  }

  /** Not twice at one time, so that a timer which sets itself for a time that has come does not hold the clock. */
  get #wallDueMs(): number {
    const { wallDueMs, wallClockMs } = this.#task;
    if (wallDueMs === undefined || wallClockMs === undefined) return Infinity;
    return Math.max(wallDueMs, wallClockMs + 1);
  }

  /** Time goes on by itself where batches run by themselves. */
  get #ticks(): boolean {
    const { kind } = this.#plan.trigger;
    return this.failure === undefined && kind !== "manual" && kind !== "availableNow";
  }

  get #idleDueMs(): number | undefined {
    const { heard, settled } = this.#task;
    if (this.#behind || !heard || !settled || this.#idleAt === this.#log.length) return undefined;
    return this.#lastAppendMs + idleAfterMs(this.#plan);
  }

  #restored(): Task {
    const task = new Task(this.#plan, this.#ports);
    task.restore(this.#progress);
    return task;
  }
}

function textOf({ node, key }: LookupCall): string {
  return `${node} ${key}`;
}

function keyTextOf(key: Bytes | null): string {
  return new TextDecoder().decode(key ?? new Uint8Array(0));
}
