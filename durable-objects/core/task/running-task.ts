import type { BatchContext, ErrorPolicy } from "../../../schema/plan.ts";
import type { LetterKind } from "../../../schema/dead-letter.ts";
import type { ConsumerRecord } from "../../../schema/record.ts";
import { assert } from "../assert.ts";
import { Clock, type SavedClock, UNCAPPED } from "../operator/clock.ts";
import { readInternalValue } from "../operator/internal-value.ts";
import type {
  AskedCall,
  BatchCall,
  LookupAnswer,
  LookupAnswers,
  LookupCall,
  Output,
  Runtime,
  Tally,
} from "../operator/operator.ts";
import { ResultPayload } from "../operator/result-payload.ts";
import { Origin, type StreamRecord } from "../operator/stream-record.ts";
import type { TaskPlan } from "../plan/task-plan.ts";
import { isInternal } from "../../../schema/internal-topic.ts";
import { DeadLetters } from "../sink/dead-letters.ts";
import { Outbox } from "../sink/outbox.ts";
import { CacheMemory } from "../store/cache-memory.ts";
import { StoreCache } from "../store/store-cache.ts";
import { UndoLog } from "../store/undo-log.ts";
import { ParkedKeys, type WaitingBounds } from "./parked-keys.ts";
import { QuietTime } from "./quiet-time.ts";
import { ProgressSender } from "./progress-sender.ts";
import type { Progress } from "./progress.ts";
import type {
  BatchEnd,
  InputRecord,
  OutboxRow,
  Redriven,
  SliceOptions,
  SliceResult,
  TaskCounters,
  TaskPorts,
  TickOptions,
  WatchedRecord,
} from "./task-port.ts";
import { RecordFailure } from "./record-failure.ts";
import { partitionsOf, Topology } from "./topology.ts";
import { ObservedClock } from "./observed-clock.ts";
import { watchedRecord } from "./watched-records.ts";
import { Units } from "./units.ts";
import { UpstreamTimes } from "./upstream-times.ts";

const encoder = new TextEncoder();
const NO_BATCH: BatchContext = { batchId: 0, nowMs: 0, topic: "", partition: 0 };

/** A task in memory, from one restore to the next. After a throw of `run` it is not used again. */
export class RunningTask implements Runtime {
  readonly undo = new UndoLog();
  readonly trace = { node: "" };
  readonly tally: Tally;
  readonly cache: StoreCache;
  readonly #ports: TaskPorts;
  readonly #outbox = new Outbox();
  readonly #units: Units;
  readonly #streamTime: Clock;
  readonly #upstreams: UpstreamTimes;
  readonly #progressSender: ProgressSender;
  readonly #internal: boolean;
  readonly #topology: Topology;
  readonly #quiet: QuietTime;
  readonly observedClock: ObservedClock;
  readonly batchCalls: BatchCall[] = [];
  #lookups: LookupAnswers | undefined;
  readonly #lookupCalls: AskedCall[] = [];
  #microBatch = false;
  #batch: BatchContext = NO_BATCH;
  #recordsIn: number;
  readonly #policy: ErrorPolicy["kind"];
  #parked: ParkedKeys | undefined;
  /** By internal topic, at the end of a slice. */
  readonly #progressed = new Map<string, number>();

  constructor(plan: TaskPlan, ports: TaskPorts, progress: Progress) {
    const { recordsIn, ...tally } = progress.counters;
    this.#recordsIn = recordsIn;
    this.tally = tally;
    this.cache = new StoreCache(ports.store, this.undo, new CacheMemory(ports.cacheBytes, ports.cacheBudget));
    this.#ports = ports;
    const deadLetters = new DeadLetters(
      {
        topic: plan.deadLetterTopic,
        partitions: partitionsOf(ports, plan.deadLetterTopic),
        pipeline: plan.name,
        version: plan.version,
        incarnation: ports.incarnation ?? 0,
        task: `${ports.topic}/${ports.partition}`,
      },
      this.#outbox,
    );
    this.#streamTime = new Clock(this.undo, {
      caps: [UNCAPPED],
      saved: [progress.streamTimeMs, progress.streamTimeMs],
    });
    this.#internal = isInternal(plan.input);
    this.#upstreams = new UpstreamTimes(ports.upstreams ?? [], progress.upstreams);
    this.#progressSender = new ProgressSender(plan, ports);
    this.#policy = plan.onError?.kind ?? "deadLetter";
    const { undo, trace, tally: counted, cache } = this;
    this.#units = new Units({
      undo,
      trace,
      tally: counted,
      cache,
      outbox: this.#outbox,
      deadLetters,
      policy: this.#policy,
      internal: this.#internal,
    });
    if (this.#policy === "parkKey") this.#parked = new ParkedKeys(this.cache);
    this.#topology = new Topology({
      plan,
      ports,
      runtime: this,
      outbox: this.#outbox,
      upstreams: this.#upstreams,
      progressMs: (topic) => this.#progressOf(topic),
      clocks: progress.clocks,
    });
    this.#quiet = new QuietTime({
      topology: this.#topology,
      upstreams: this.#upstreams,
      streamTimeMs: () => this.streamTimeMs,
    });
    this.observedClock = new ObservedClock(this.#topology.operators, progress.wallClockMs);
  }

  get origin(): Origin {
    const { topic, partition } = this.#ports;
    return new Origin(topic, partition, this.#units.place);
  }

  get batch(): BatchContext {
    return this.#batch;
  }

  get microBatch(): boolean {
    return this.#microBatch;
  }

  get wallClockMs(): number {
    return this.observedClock.nowMs ?? 0;
  }

  get streamTimeMs(): number {
    return this.#streamTime.streamTimeMs;
  }

  get watermarkMs(): number | undefined {
    return this.#topology.watermark?.streamTimeMs;
  }

  /** -Infinity before the first record of an operator. */
  get clockMs(): number {
    return this.#topology.leastClockMs ?? this.streamTimeMs;
  }

  get counters(): TaskCounters {
    return { recordsIn: this.#recordsIn, ...this.tally };
  }

  run(records: Iterable<InputRecord>, options: SliceOptions): SliceResult {
    const before = this.#begin(options);
    const watched: WatchedRecord[] = [];
    const { watch, terminated, nowMs, wallClockMs } = options;
    if (wallClockMs !== undefined) this.observedClock.read(wallClockMs);
    this.#outbox.sent = watch && ((target, item) => this.#note(watched, watch, { target, item }));
    const failure = this.#takeAll(records, terminated);
    return { ...this.#end(before, nowMs), failure, watched };
  }

  tick({ eventTimeMs, offset, ...options }: TickOptions): SliceResult {
    const before = this.#begin(options);
    this.#units.takeTick(offset);
    this.observedClock.read(options.nowMs);
    this.observedClock.fire();
    if (eventTimeMs !== undefined) {
      this.#quiet.begin(eventTimeMs);
      if (!this.#microBatch) this.#timeMoved();
    }
    return { ...this.#end(before, options.nowMs), failure: undefined, watched: [] };
  }

  redrive(items: readonly Redriven[], options: SliceOptions): SliceResult {
    const before = this.#begin({ ...options, redriving: true });
    if (options.wallClockMs !== undefined) this.observedClock.read(options.wallClockMs);
    for (const item of items) {
      if (item.kind === "parked") {
        this.#unpark(item, options.terminated);
        continue;
      }
      this.#units.take(item.record);
      this.#process(item.record, options.terminated);
    }
    return { ...this.#end(before, options.nowMs), failure: undefined, watched: [] };
  }

  redriven(items: readonly Redriven[]): ConsumerRecord[] {
    return items.flatMap((item) =>
      item.kind === "parked" ? this.#parkedKeys.next(item.key, item.records) : [item.record],
    );
  }

  parkedWithin(key: string, bounds: WaitingBounds): number {
    return this.#parkedKeys.within(key, bounds);
  }

  parked(key: string): { readonly records: number; readonly offset: number } | undefined {
    const first = this.#parkedKeys.first(key);
    return first && { records: this.#parkedKeys.count(key), offset: first.offset };
  }

  /** Under another policy than `parkKey` there may be some from before it was changed. */
  get #parkedKeys(): ParkedKeys {
    return (this.#parked ??= new ParkedKeys(this.cache));
  }

  #begin(
    options: Pick<SliceOptions, "nowMs" | "microBatch" | "giveUp" | "lookups"> & { readonly redriving?: boolean },
  ): TaskCounters {
    const { nowMs, microBatch, lookups } = options;
    // A tick has none: what was found counts for its slice alone.
    this.#lookups = lookups;
    this.#microBatch = microBatch !== undefined;
    this.#units.begin(options);
    this.#quiet.begin(-Infinity);
    this.#outbox.sent = undefined;
    this.batchCalls.length = 0;
    this.#lookupCalls.length = 0;
    const { topic, partition } = this.#ports;
    this.#batch = microBatch === undefined ? NO_BATCH : { batchId: microBatch.batchId, nowMs, topic, partition };
    return this.counters;
  }

  #end(before: TaskCounters, nowMs: number): Omit<SliceResult, "failure" | "watched"> {
    if (this.#microBatch) this.#endMicroBatch();
    for (const operator of this.#topology.operators) operator.expire?.();
    this.#units.settle();
    const stateRowsWritten = this.cache.flush();
    this.#progressed.clear();
    const rows = this.#outbox.drain();
    const progressOf = (topic: string): number => this.#progressOf(topic);
    rows.push(...this.#progressSender.tell(rows, progressOf, nowMs));
    return {
      rows,
      progressDueMs: this.#progressSender.dueMs(progressOf),
      recordsIn: this.#recordsIn - before.recordsIn,
      recordsOut: this.tally.recordsOut - before.recordsOut,
      stateRowsWritten,
      progress: this.#progress(),
      batchCalls: [...this.batchCalls],
      lookupCalls: [...this.#lookupCalls],
    };
  }

  #timeMoved(): void {
    for (const operator of this.#topology.operators) {
      this.#quiet.goOn(operator);
      operator.timeMoved?.();
    }
  }

  get tickAfterMs(): number | undefined {
    return this.#quiet.tickAfterMs;
  }

  get heard(): boolean {
    return this.#progressSender.heard;
  }

  get settled(): boolean {
    return this.tickAfterMs === undefined && (!this.#internal || this.#upstreams.allIdle);
  }

  get slowest(): readonly number[] {
    return this.#upstreams.slowest;
  }

  idle(): readonly OutboxRow[] {
    return this.#progressSender.idle();
  }

  awake(): readonly OutboxRow[] {
    return this.#progressSender.awake((topic) => this.#progressOf(topic));
  }

  attempt(update: StreamRecord, output: Output): void {
    this.unit(
      () => this.letterOf(update),
      () => output.forward(update),
    );
  }

  /** An update as a record of a topic would hold it, at the offset of the record that last changed it. */
  letterOf({ keyBytes: key, payload, timestampMs, origin }: StreamRecord): ConsumerRecord {
    const readable = payload instanceof ResultPayload ? payload.readable : payload;
    const value = readable.value() === null ? null : encoder.encode(readable.json("value"));
    return { key, value, timestampMs, headers: origin.record.headers, offset: origin.record.offset };
  }

  lookUp(call: LookupCall): LookupAnswer | undefined {
    if (this.#lookups === undefined) {
      this.#lookupCalls.push({ ...call, offset: this.#units.atWork.offset });
      return undefined;
    }
    const answer = this.#lookups(call);
    if (answer === undefined) {
      throw new Error(
        `${call.node} looks up ${call.key}, which it did not when asked before: its key must be a function of the record`,
      );
    }
    return answer;
  }

  stop(reason: string): never {
    this.#units.stop(reason);
  }

  unit(letter: () => ConsumerRecord | readonly ConsumerRecord[], work: () => void): void {
    this.#units.run(letter, work);
  }

  #note(
    watched: WatchedRecord[],
    { from, to }: { readonly from: number; readonly to: number },
    { target, item }: { readonly target: string; readonly item: unknown },
  ): void {
    const { offset } = this.#units.atWork;
    const record = offset >= from && offset < to ? watchedRecord(offset, target, item) : undefined;
    if (record !== undefined) watched.push(record);
  }

  /** Answers the failure before which it stopped; in a micro-batch, which is done whole or not, it throws it. */
  #takeAll(records: Iterable<InputRecord>, terminated: string | undefined): RecordFailure | undefined {
    for (const record of records) {
      this.#units.take(record);
      try {
        if (record.batchEnd?.control !== true) this.#take(record, terminated);
      } catch (error) {
        if (this.#microBatch || !(error instanceof RecordFailure)) throw error;
        this.#recordsIn--;
        return error;
      }
      if (record.batchEnd !== undefined) this.#endBatch(record.batchEnd);
    }
    return undefined;
  }

  #take(record: ConsumerRecord, terminated: string | undefined): void {
    this.#recordsIn++;
    this.#process(record, terminated);
  }

  #process(record: ConsumerRecord, terminated: string | undefined): void {
    const origin = this.#originOf(record);
    const key = this.#policy === "parkKey" ? parkingKey(origin) : undefined;
    if (key === undefined) this.#runs(origin, { kind: "record", terminated });
    else if (this.#parkedKeys.count(key) > 0) this.#park(key, record);
    else if (!this.#runs(origin, { kind: "parked", terminated })) this.#parkedKeys.park(key, record);
  }

  /** A record of its key has failed before: it goes after it, in order. */
  #park(key: string, record: ConsumerRecord): void {
    this.#parkedKeys.park(key, record);
    const thrown = new Error("an earlier record of its key failed: redrive that one first");
    this.#units.bury(this.#asSent(record), { thrown, node: "", kind: "parked" });
    this.#units.settle();
  }

  /** What waits of a key, in order, up to what fails again. */
  #unpark({ key, records }: Redriven & { kind: "parked" }, terminated: string | undefined): void {
    for (let left = records; left > 0; left--) {
      const record = this.#parkedKeys.first(key);
      if (record === undefined) return;
      this.#units.take(record);
      if (!this.#runs(this.#originOf(record), { kind: "parked", terminated })) return;
      this.#parkedKeys.release(key);
    }
  }

  /** Runs a record, or gives it up unrun. Answers false when it is a dead letter. */
  #runs(origin: Origin, { kind, terminated }: { kind: LetterKind; terminated: string | undefined }): boolean {
    const { record } = origin;
    if (terminated !== undefined) {
      this.#units.bury(this.#asSent(record), { thrown: terminated, node: "", kind });
      return false;
    }
    return this.#units.whole(
      () => this.#asSent(record),
      () => {
        const beforeMs = this.watermarkMs;
        this.#streamTime.advance(record.timestampMs);
        if (this.#internal) this.#enter(origin);
        else this.#enterSources(origin);
        if (this.watermarkMs !== beforeMs && !this.#microBatch) this.#watermarkMoved();
      },
      kind,
    );
  }

  #originOf(record: ConsumerRecord): Origin {
    const { topic, partition } = this.#ports;
    return new Origin(topic, partition, record);
  }

  /** It is the time of operators too that the record did not reach. */
  #watermarkMoved(): void {
    for (const operator of this.#topology.operators) operator.timeMoved?.();
  }

  #enterSources(origin: Origin): void {
    for (const source of this.#topology.sources) {
      this.trace.node = source.name;
      source.take(origin);
    }
  }

  #enter(origin: Origin): void {
    const value = readInternalValue(origin.record);
    const source = this.#topology.internalSources.get(value.tag);
    assert(source !== undefined, `an internal record has a tag of the plan, not ${value.tag}`);
    this.trace.node = source.name;
    source.take(origin, value);
  }

  /** A watermark that moves by batches moves here; if it did, a batch without records follows (WMK-2). */
  #endMicroBatch(): void {
    const { operators, watermark } = this.#topology;
    for (const operator of operators) {
      this.#quiet.goOn(operator);
      operator.timeMoved?.();
      operator.endBatch?.(false);
    }
    if (watermark?.batchEnded() !== true) return;
    for (const operator of operators) {
      operator.timeMoved?.();
      operator.endBatch?.(true);
    }
    watermark.emptyBatchEnded();
  }

  /** What the batch says of the task that sent it counts for what comes after it (ENG-20). */
  #endBatch({ upstream, progressMs, control }: BatchEnd): void {
    const idle = control && progressMs < 0;
    const moved = idle ? this.#upstreams.idle(upstream) : this.#upstreams.heard(upstream, progressMs);
    if (!moved) return;
    for (const operator of this.#topology.operators) operator.timeMoved?.();
  }

  /** A record as the task before sent it, for a dead letter. */
  #asSent(record: ConsumerRecord): ConsumerRecord {
    return this.#internal ? { ...record, value: readInternalValue(record).value } : record;
  }

  /** How far what is sent to an internal topic has come: as far as the task, but for what is held back on the way. */
  #progressOf(topic: string): number {
    let ms = this.#progressed.get(topic);
    if (ms !== undefined) return ms;
    const taskMs = this.#internal ? this.#upstreams.progressMs : this.streamTimeMs;
    const { internalSinks, held } = this.#topology;
    ms = Math.min(...(internalSinks.get(topic) ?? []).map((name) => held.into(name, () => taskMs)));
    this.#progressed.set(topic, ms);
    return ms;
  }

  #progress(): string {
    const clocks: Record<string, SavedClock> = {};
    for (const [operator, { saved }] of this.#topology.clocks) {
      if (saved !== undefined) clocks[operator] = saved;
    }
    const upstreams = this.#internal ? this.#upstreams.saved : undefined;
    const { streamTimeMs, counters } = this;
    const progress: Progress = { streamTimeMs, clocks, upstreams, wallClockMs: this.observedClock.nowMs, counters };
    return JSON.stringify(progress);
  }
}

/** Undefined where there is none, and of a key that is not UTF-8, of which every record fails by itself. */
function parkingKey(origin: Origin): string | undefined {
  try {
    return origin.key ?? undefined;
  } catch {
    return undefined;
  }
}
