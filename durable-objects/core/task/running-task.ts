import type { Plan } from "../../../schema/plan.ts";
import type { ConsumerRecord } from "../../../schema/record.ts";
import { Clock } from "../operator/clock.ts";
import type { Output, Runtime, Tally } from "../operator/operator.ts";
import { Origin, type StreamRecord } from "../operator/stream-record.ts";
import { DeadLetters } from "../sink/dead-letters.ts";
import { Outbox } from "../sink/outbox.ts";
import { StoreCache } from "../store/store-cache.ts";
import { UndoLog } from "../store/undo-log.ts";
import type { Progress } from "./progress.ts";
import type { SliceOptions, SliceResult, TaskCounters, TaskPorts } from "./task-port.ts";
import { partitionsOf, Topology } from "./topology.ts";

const encoder = new TextEncoder();

/** A task in memory, from one restore to the next. After a throw of `run` it is not used again. */
export class RunningTask implements Runtime {
  readonly undo = new UndoLog();
  readonly trace = { node: "" };
  readonly tally: Tally;
  readonly cache: StoreCache;
  readonly #ports: TaskPorts;
  readonly #outbox = new Outbox();
  readonly #deadLetters: DeadLetters;
  readonly #streamTime: Clock;
  readonly #topology: Topology;
  #microBatch = false;
  #recordsIn: number;
  #deadLettered: number;

  constructor(plan: Plan, ports: TaskPorts, progress: Progress) {
    const { recordsIn, deadLetters, recordsOut, lateRecords, droppedRecords } = progress.counters;
    this.#recordsIn = recordsIn;
    this.#deadLettered = deadLetters;
    this.tally = { recordsOut, lateRecords, droppedRecords };
    this.cache = new StoreCache(ports.store, this.undo, ports.cacheBytes);
    this.#ports = ports;
    this.#deadLetters = new DeadLetters(
      {
        topic: plan.deadLetterTopic,
        partitions: partitionsOf(ports, plan.deadLetterTopic),
        pipeline: plan.name,
        version: plan.version,
        task: `${ports.topic}/${ports.partition}`,
      },
      this.#outbox,
    );
    this.#streamTime = new Clock(this.undo, progress.streamTimeMs);
    this.#topology = new Topology({ plan, ports, runtime: this, outbox: this.#outbox, clocks: progress.clocks });
  }

  get microBatch(): boolean {
    return this.#microBatch;
  }

  get streamTimeMs(): number {
    return this.#streamTime.streamTimeMs;
  }

  get counters(): TaskCounters {
    return { recordsIn: this.#recordsIn, deadLetters: this.#deadLettered, ...this.tally };
  }

  run(records: Iterable<ConsumerRecord>, { microBatch, terminated }: SliceOptions): SliceResult {
    const before = this.counters;
    this.#microBatch = microBatch !== undefined;
    for (const record of records) {
      this.#recordsIn++;
      if (terminated === undefined) this.#process(record);
      else this.#bury(record, terminated, "");
    }
    if (this.#microBatch) for (const operator of this.#topology.operators) operator.endBatch?.();
    for (const operator of this.#topology.operators) operator.expire?.();
    const stateRowsWritten = this.cache.flush();
    return {
      rows: this.#outbox.drain(),
      recordsIn: this.#recordsIn - before.recordsIn,
      recordsOut: this.tally.recordsOut - before.recordsOut,
      stateRowsWritten,
      progress: this.#progress(),
    };
  }

  attempt(update: StreamRecord, output: Output): void {
    const before = { ...this.tally };
    try {
      output.forward(update);
    } catch (error) {
      this.#rollback(error, before);
      this.#bury(letterOf(update), error, this.trace.node);
    }
    this.#settle();
  }

  #process(record: ConsumerRecord): void {
    const { topic, partition } = this.#ports;
    const { recordsOut, lateRecords, droppedRecords } = this.tally;
    const origin = new Origin(topic, partition, record);
    try {
      this.#streamTime.advance(record.timestampMs);
      for (const source of this.#topology.sources) {
        this.trace.node = source.name;
        source.take(origin);
      }
    } catch (error) {
      this.#rollback(error, { recordsOut, lateRecords, droppedRecords });
      this.#bury(record, error, this.trace.node);
    }
    this.#settle();
  }

  /** Takes back all that the record changed; an error of the StateStore is not the record's and goes on. */
  #rollback(error: unknown, tally: Tally): void {
    if (this.cache.failed) throw error;
    this.undo.rollback();
    this.#outbox.discard();
    Object.assign(this.tally, tally);
  }

  #settle(): void {
    this.undo.clear();
    this.#outbox.commit();
    this.cache.trim();
  }

  #bury(record: ConsumerRecord, reason: unknown, node: string): void {
    this.#deadLetters.add(record, reason, node);
    this.#deadLettered++;
    this.#outbox.commit();
  }

  #progress(): string {
    const clocks: Record<string, number> = {};
    for (const [store, { streamTimeMs }] of this.#topology.clocks) {
      if (streamTimeMs !== -Infinity) clocks[store] = streamTimeMs;
    }
    const progress: Progress = { streamTimeMs: this.streamTimeMs, clocks, counters: this.counters };
    return JSON.stringify(progress);
  }
}

/** An update as a record of a topic would hold it, at the offset of the record that last changed it. */
function letterOf({ keyBytes: key, payload, timestampMs, origin }: StreamRecord): ConsumerRecord {
  const value = payload.value() === null ? null : encoder.encode(payload.json("value"));
  return { key, value, timestampMs, headers: origin.record.headers, offset: origin.record.offset };
}
