import type { BatchCall } from "../durable-objects/core/operator/operator.ts";
import type { TaskPlan } from "../durable-objects/core/plan/task-plan.ts";
import { MemoryStateStore } from "../durable-objects/core/store/memory-state-store.ts";
import { RecordFailure } from "../durable-objects/core/task/record-failure.ts";
import { rowsWritten } from "../durable-objects/core/task/rows-written.ts";
import type {
  InputRecord,
  OutboxRow,
  SliceOptions,
  SliceResult,
  TaskCounters,
  TaskPorts,
} from "../durable-objects/core/task/task-port.ts";
import { Task } from "../durable-objects/core/task/task.ts";
import { MAX_MICRO_BATCH_RECORDS, MAX_SLICE_RECORDS } from "../schema/limits.ts";
import type { Bytes, ProducerRecord } from "../schema/record.ts";
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
  #task: Task;
  #position = 0;
  #progress: string | undefined;
  #batchId = 0;
  /** Why the task has stopped, by the policy `fail`. */
  failure: string | undefined;
  #retried = -1;
  #retries = 0;
  #giveUp: number | undefined;
  #rowsWritten = 0;

  constructor(plan: TaskPlan, ports: Omit<TaskPorts, "store">) {
    this.#plan = plan;
    this.#ports = { ...ports, store: this.store, select: new TestSelect(this.store, plan) };
    this.#task = this.#restored();
  }

  get counters(): TaskCounters {
    return this.#task.counters;
  }

  get rowsWritten(): number {
    return this.#rowsWritten;
  }

  /** Records not yet run. */
  get waiting(): number {
    return this.failure === undefined ? this.#log.length - this.#position : 0;
  }

  append(records: readonly ProducerRecord[]): void {
    // One by one: a spread of a large array overflows the stack.
    for (const record of logged(records, this.#log.length)) this.#log.push(record);
  }

  /** A row of another task's outbox. */
  deliver(batch: Bytes): void {
    for (const record of internallyLogged(batch, this.#log.length)) this.#log.push(record);
  }

  /** Runs all that waits, in slices or micro-batches; answers what must be delivered, in order. */
  *run(nowMs: number): Generator<OutboxRow> {
    while (this.waiting > 0) yield* this.#runNext(nowMs);
  }

  /** A new task over the committed state, as after a restart. */
  crash(): void {
    this.#task = this.#restored();
  }

  #runNext(nowMs: number): readonly OutboxRow[] {
    const batched = this.#plan.trigger.kind !== "perEvent";
    const limit = batched ? MAX_MICRO_BATCH_RECORDS : MAX_SLICE_RECORDS;
    const records = this.#log.slice(this.#position, this.#position + limit);
    const giveUp = this.#giveUp;
    const options = batched ? { nowMs, giveUp, microBatch: { batchId: this.#batchId } } : { nowMs, giveUp };
    const result = this.#attempt(records, options);
    if (result === undefined) return [];
    const { rows, progress, batchCalls, failure } = result;
    this.#position = failure?.offset ?? this.#position + records.length;
    this.#progress = progress;
    this.#rowsWritten += rowsWritten(result);
    this.batchCalls.push(...batchCalls);
    if (batched) this.#batchId += 1;
    if (failure !== undefined) this.#failed(failure);
    return rows;
  }

  /** Undefined when a policy stopped a micro-batch, of which nothing is left then. */
  #attempt(records: readonly InputRecord[], options: SliceOptions): SliceResult | undefined {
    try {
      return this.store.transaction(() => this.#task.run(records, options));
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
    if (this.#retries >= policy.times) this.#giveUp = failure.offset;
  }

  #restored(): Task {
    const task = new Task(this.#plan, this.#ports);
    task.restore(this.#progress);
    return task;
  }
}
