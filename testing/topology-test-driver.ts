import { checkPlan } from "../durable-objects/core/plan/check.ts";
import { nextCronMs } from "../durable-objects/core/plan/cron.ts";
import { describePlan } from "../durable-objects/core/plan/describe.ts";
import { readableStore } from "../durable-objects/core/plan/stores.ts";
import type { TaskCounters } from "../durable-objects/core/task/task-port.ts";
import { partitionForKey } from "../schema/murmur2.ts";
import type { BatchRecord, Plan, Trigger, ValueFormat } from "../schema/plan.ts";
import type { ProducerRecord } from "../schema/record.ts";
import { type Duration, durationMs } from "../sdk/streams/index.ts";
import { bytesOf, closestValueOf, headersOf, keyBytesOf } from "./test-codec.ts";
import { type Row, TestOutputs } from "./test-outputs.ts";
import type { TestPartition } from "./test-partition.ts";
import type { DeadLetter, ReadRecord, TestRecord } from "./test-record.ts";
import { type FakeLookup, TestLookups } from "./test-lookups.ts";
import { TestStore } from "./test-store.ts";
import { TestTasks } from "./test-tasks.ts";

/** 2026-01-01T00:00:00Z: a test gives the same whenever it runs. */
const DEFAULT_NOW_MS = 1_767_225_600_000;

export interface TestOptions {
  /** What the virtual clock says at first, ms since the epoch; 2026-01-01 unless given. */
  readonly nowMs?: number | undefined;
  /** Of each topic that the pipeline reads; 1 unless given. Topics it only writes have one, so `read` keeps the order sent. */
  readonly partitions?: number | undefined;
  /**
   * What lies in topics before the pipeline starts. Tables that streams are joined with are read first, as in production.
   */
  readonly history?: { readonly [topic: string]: readonly TestRecord[] } | undefined;
  /**
   * What lookups find, by the lookup's name (`lookup-1`): a function of the key, null for nothing. One that throws is a call
   * that failed. For a lookup without one call `settle`.
   */
  readonly lookups?: { readonly [node: string]: FakeLookup } | undefined;
  /** What functions that look up get as `env`. */
  readonly env?: unknown;
}

/**
 * Runs a pipeline in memory, at once and without a server: the task that runs it in production, over records that went
 * through the log's own format, with a clock that only `advance` moves.
 *
 * @example
 * import { pipeline } from "../sdk/streams/index.ts";
 * import { TopologyTestDriver } from "../testing/topology-test-driver.ts";
 *
 * const late = pipeline("late", ({ stream }) =>
 *   stream<{ delay: number }>("flights").filter((flight) => flight.delay > 15).to("late-flights"),
 * );
 * const driver = new TopologyTestDriver(late);
 * driver.pipe("flights", [{ key: "ATL", value: { delay: 5 } }, { key: "ATL", value: { delay: 20 } }]);
 * driver.read("late-flights"); // [{ key: "ATL", value: { delay: 20 }, … }]
 */
export class TopologyTestDriver {
  readonly #plan: Plan;
  readonly #tasks: TestTasks;
  readonly #outputs: TestOutputs;
  #nowMs: number;
  /** When the next micro-batch is due: armed by the first record after an empty run. */
  #dueMs: number | undefined;
  #keyless = 0;

  /** Throws what `checkPlan` refuses. Takes a pipeline, or anything else that has a plan. */
  constructor({ plan }: { readonly plan: Plan }, options: TestOptions = {}) {
    const answer = checkPlan(plan);
    if (!answer.ok) throw new Error(`Pipeline "${plan.name}": ${answer.message}. ${answer.hint} (${answer.field})`);
    this.#plan = plan;
    this.#nowMs = options.nowMs ?? DEFAULT_NOW_MS;
    this.#outputs = new TestOutputs(plan);
    const { partitions = 1 } = options;
    this.#tasks = new TestTasks(plan, { partitions, lookups: new TestLookups(plan, options) });
    this.#begin(options.history ?? {});
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  #begin(history: NonNullable<TestOptions["history"]>): void {
    for (const topic of Object.keys(history)) this.#formatOf(topic);
    const steps = this.#tasks.startOrder;
    for (const [at, topics] of steps.entries()) {
      for (const topic of topics) this.#append(topic, history[topic] ?? []);
      if (at < steps.length - 1) this.runBatch();
      else this.#afterAppend();
    }
  }

  /** Appends to a topic that the pipeline reads. A `perEvent()` pipeline has run them when this returns. */
  pipe(topic: string, records: TestRecord | readonly TestRecord[]): void {
    this.#append(topic, Array.isArray(records) ? (records as readonly TestRecord[]) : [records as TestRecord]);
    this.#afterAppend();
  }

  #append(topic: string, records: readonly TestRecord[]): void {
    const format = this.#formatOf(topic);
    const partitions = this.#tasks.partitionsOf(topic);
    const parts = partitions.map((): ProducerRecord[] => []);
    for (const record of records) {
      const produced = this.#produced(record, format);
      const part = parts[record.partition ?? this.#place(produced, parts.length)];
      if (part === undefined) {
        throw new Error(`There is no partition ${record.partition}. The driver has ${parts.length}: { partitions }.`);
      }
      part.push(produced);
    }
    for (const [at, part] of parts.entries()) if (part.length > 0) partitions[at]?.append(part, this.#nowMs);
  }

  /**
   * Moves the clock. What comes due on the way happens at its time: micro-batches (`every`, `everyRecords`, `cron`), and
   * where nothing comes windows that close all the same (`closeWhenIdle`), and wall-clock timers of processors.
   */
  advance(duration: Duration): void {
    const untilMs = this.#nowMs + durationMs(duration);
    for (;;) {
      const dueMs = Math.min(this.#dueMs ?? Infinity, this.#tasks.dueMs ?? Infinity);
      if (dueMs > untilMs) break;
      // What became due while the clock stood still is done now.
      this.#nowMs = Math.max(this.#nowMs, dueMs);
      if (this.#dueMs !== undefined && this.#dueMs <= this.#nowMs) this.runBatch();
      else this.#wake();
    }
    this.#nowMs = untilMs;
  }

  #wake(): void {
    for (const row of this.#tasks.wake(this.#nowMs)) this.#outputs.deliver(row);
    this.#afterAppend();
  }

  /** Runs all that waits now, whatever the trigger; answers how many records that were. */
  runBatch(): number {
    this.#dueMs = undefined;
    const records = this.#tasks.waiting;
    for (const row of this.#tasks.run(this.#nowMs)) this.#outputs.deliver(row);
    return records;
  }

  /**
   * Calls what looks up until no record waits for it: functions as they are, D1 with the database in `env`. Each call is
   * made once, without pauses and time-outs; one that fails is treated as the pipeline says. Not needed where all lookups
   * have a stand-in.
   */
  async settle(): Promise<void> {
    while (this.#tasks.lookedUp.length > 0) {
      for (const row of await this.#tasks.answer(this.#nowMs)) this.#outputs.deliver(row);
      this.#afterAppend();
    }
  }

  #expectSettled(): void {
    const [lookup] = this.#tasks.lookedUp;
    if (lookup === undefined) return;
    throw new Error(
      `Records wait for "${lookup}". Say what it finds: { lookups: { "${lookup}": (key) => … } }, or call it: await driver.settle().`,
    );
  }

  /** All memory is lost: new tasks take up what was committed. Nothing that can be seen may change by it. */
  crash(): void {
    for (const partition of this.#tasks.partitions) partition.crash();
  }

  /** The records that came to a topic since it was read last, in the order sent. */
  read<Value = unknown>(topic: string): ReadRecord<Value>[] {
    this.#expectSettled();
    return this.#outputs.read(topic) as ReadRecord<Value>[];
  }

  /** The rows of a D1 table, in order of its primary key. */
  rows<Columns extends object = Row>(table: string): Columns[] {
    this.#expectSettled();
    return this.#outputs.rows(table) as Columns[];
  }

  /** The values in R2 files under a prefix, by path: `files("flights").get("2001-01-10")`. */
  files<Value = unknown>(prefix: string): ReadonlyMap<string, readonly Value[]> {
    this.#expectSettled();
    return this.#outputs.files(prefix) as ReadonlyMap<string, readonly Value[]>;
  }

  /** The topology for reading, as text and as a Mermaid flowchart, with the tasks that the pipeline is cut into. */
  describe(): { readonly text: string; readonly mermaid: string } {
    const { text, mermaid } = describePlan(this.#plan);
    return { text, mermaid };
  }

  /** A store by its name: `store("totals").get("ATL")`. */
  store<Value = unknown>(name: string): TestStore<Value> {
    this.#expectSettled();
    const node = this.#plan.nodes.find((each) => readableStore([each], name) !== undefined);
    if (node === undefined) {
      const names = describePlan(this.#plan).stores.map((each) => `"${each.name}"`);
      throw new Error(`Pipeline "${this.#plan.name}" has no store "${name}". It has: ${names.join(", ") || "none"}.`);
    }
    const { windows, result } = readableStore([node], name) ?? {};
    return new TestStore({ name, stores: this.#storesOf(node.name), windows, result });
  }

  /** How far the watermark has come, ms; undefined in a pipeline without one, -Infinity before the first record. */
  get watermarkMs(): number | undefined {
    return this.#tasks.watermarkMs;
  }

  /** Why a task has stopped, by the policy `fail`; undefined while none has. */
  get failure(): string | undefined {
    return this.#tasks.partitions.find(({ failure }) => failure !== undefined)?.failure;
  }

  /** What has stopped goes on, and tries its record again. */
  resume(): void {
    for (const partition of this.#tasks.partitions) partition.failure = undefined;
    this.#afterAppend();
  }

  /** The records of each batch that the functions given to `forEachBatch` would have been called with, which the driver does not. */
  get forEachBatchCalls(): readonly (readonly BatchRecord[])[] {
    return this.#tasks.partitions.flatMap(({ batchCalls }) => batchCalls.map(({ records }) => records));
  }

  /** All dead letters so far. */
  get deadLetters(): DeadLetter[] {
    return this.#outputs.deadLetters();
  }

  /**
   * Runs dead letters again, those of one key or all, each once; answers how many. What fails again is a new dead letter. Of
   * a parked key all that waits comes in its order. Results (a window that closed, a key's update at the end of a batch) are no
   * records of the input and stay what they are.
   */
  redrive({ key }: { readonly key?: string | undefined } = {}): number {
    const letters = this.#outputs.takeLetters(
      ({ record }) => key === undefined || closestValueOf(record.key, "text") === key,
    );
    for (const row of this.#tasks.redrive(letters, this.#nowMs)) this.#outputs.deliver(row);
    this.#afterAppend();
    return letters.length;
  }

  /** Over all partitions. */
  get counters(): TaskCounters {
    const sum = { recordsIn: 0, recordsOut: 0, lateRecords: 0, deadLetters: 0, droppedRecords: 0 };
    for (const { counters } of this.#tasks.partitions) {
      for (const name of Object.keys(sum) as (keyof TaskCounters)[]) sum[name] += counters[name];
    }
    return sum;
  }

  /**
   * Rows that all transactions of the tasks have written: state, outbox, and one of the task itself. They are what work costs
   * on the platform; many records of few keys in one `pipe` cost less than one by one, as they do in production.
   */
  get rowsWritten(): number {
    return this.#tasks.partitions.reduce((sum, { rowsWritten }) => sum + rowsWritten, 0);
  }

  #afterAppend(): void {
    const { trigger } = this.#plan;
    const { waiting } = this.#tasks;
    if (trigger.kind === "perEvent") this.runBatch();
    else if (trigger.kind === "everyRecords" && this.#tasks.partitions.some((each) => each.waiting >= trigger.records))
      this.runBatch();
    else if (waiting > 0) this.#dueMs ??= dueMs(trigger, this.#nowMs);
  }

  #formatOf(topic: string): ValueFormat {
    const sources = this.#plan.nodes.filter((node) => node.kind === "source");
    const source = sources.find((node) => node.topic === topic);
    if (source !== undefined) return source.format;
    const read = sources.map((node) => `"${node.topic}"`).join(", ");
    throw new Error(`Pipeline "${this.#plan.name}" does not read topic "${topic}". It reads ${read}.`);
  }

  #storesOf(node: string): TestPartition["store"][] {
    return this.#tasks.partitionsWith(node).map(({ store }) => store);
  }

  #produced(
    { key = null, value, timestampMs = this.#nowMs, headers = {} }: TestRecord,
    format: ValueFormat,
  ): ProducerRecord {
    return { key: keyBytesOf(key), value: bytesOf(value, format), timestampMs, headers: headersOf(headers) };
  }

  /** Kafka's placement; records without a key in turn. */
  #place({ key }: ProducerRecord, partitions: number): number {
    return key === null ? this.#keyless++ % partitions : partitionForKey(key, partitions);
  }
}

/** When a micro-batch over records that have just arrived is due; undefined when only `runBatch` runs it. */
function dueMs(trigger: Trigger, nowMs: number): number | undefined {
  switch (trigger.kind) {
    case "every":
      return nowMs + trigger.intervalMs;
    case "everyRecords":
      return nowMs + trigger.atMostMs;
    case "cron":
      return nextCronMs(trigger.expression, nowMs);
    case "perEvent":
    case "availableNow":
    case "manual":
      return undefined;
  }
}
