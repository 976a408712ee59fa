import { expect, test } from "vitest";
import { cutPlan } from "../durable-objects/core/plan/cut.ts";
import { MemoryStateStore } from "../durable-objects/core/store/memory-state-store.ts";
import type { InputRecord, SliceResult } from "../durable-objects/core/task/task-port.ts";
import { Task } from "../durable-objects/core/task/task.ts";
import { controlBatch } from "../durable-objects/core/sink/internal-target.ts";
import { idleAfterMs } from "../durable-objects/core/plan/close-when-idle.ts";
import { IDLE_AFTER_MS } from "../schema/limits.ts";
import { type Duration, every, onClose, pipeline, type Pipeline, tumbling } from "../sdk/streams/index.ts";
import { internallyLogged, logged, unlogged } from "./logged.ts";
import { driven, shown } from "./test/windowed-run.ts";

const encoder = new TextEncoder();

/** A task with its committed state, as its owner has it. */
class Owned {
  readonly #store = new MemoryStateStore();
  readonly #make: () => Task;
  readonly #log: InputRecord[] = [];
  #position = 0;
  #progress: string | undefined;
  task: Task;

  /** The task of the pipeline that stands at this place; an internal input has so many upstreams. */
  constructor(subject: Pipeline, at: number, upstreams = 1) {
    const plan = cutPlan(subject.plan).tasks[at];
    if (plan === undefined) throw new Error(`the pipeline has no task ${at}`);
    const outputs = Object.fromEntries(
      ["out", plan.deadLetterTopic, "__selectKey-1"].map((topic) => [topic, { partitions: 1, upstream: 0, upstreams }]),
    );
    const ports = { store: this.#store, topic: plan.input, partition: 0, outputs, cacheBytes: 1_000 };
    this.#make = () => new Task(plan, { ...ports, upstreams: [{ from: 0, to: upstreams }] });
    this.task = this.#make();
    this.task.restore(undefined);
  }

  crash(): void {
    this.task = this.#make();
    this.task.restore(this.#progress);
  }

  append(key: string, value: unknown, timestampMs: number): this {
    const record = { key: encoder.encode(key), value: encoder.encode(JSON.stringify(value)), timestampMs, headers: [] };
    this.#log.push(...logged([record], this.#log.length));
    return this;
  }

  deliver(batch: Uint8Array<ArrayBuffer>): this {
    this.#log.push(...internallyLogged(batch, this.#log.length));
    return this;
  }

  run(): string[] {
    const records = this.#log.slice(this.#position);
    this.#position = this.#log.length;
    return this.#took(this.task.run(records, { nowMs: 0 }));
  }

  tick(eventTimeMs: number): string[] {
    return this.#took(this.task.tick({ nowMs: 0, eventTimeMs, offset: this.#log.length }));
  }

  /** Values that were sent to the topic `out`. */
  #took({ rows, progress }: SliceResult): string[] {
    this.#progress = progress;
    const bodies = rows.filter(({ target }) => target.startsWith("topic:out/"));
    return bodies.flatMap(({ body }) =>
      [...unlogged(body)].map(({ value }) => new TextDecoder().decode(value ?? undefined)),
    );
  }

  sent(): SliceResult["rows"] {
    const result = this.task.run(this.#log.slice(this.#position), { nowMs: 0 });
    this.#position = this.#log.length;
    this.#took(result);
    return result.rows;
  }
}

const sums = pipeline("sums", ({ stream }) =>
  stream<number>("in")
    .groupByKey()
    .windowedBy(tumbling({ size: 10, grace: 0 }))
    .emit(onClose())
    .closeWhenIdle(50)
    .aggregate(
      () => 0,
      (sum, value) => {
        if (value < 0) throw new Error("no");
        return sum + value;
      },
    )
    .to("out"),
);

test("a tick closes windows, and the same or an earlier one again changes nothing [ENG-27]", () => {
  const owned = new Owned(sums, 0);
  expect(owned.tick(1_000)).toEqual([]);
  owned.append("a", 1, 3);
  expect(owned.run()).toEqual([]);
  expect(owned.task.tickAfterMs).toBe(50);
  // A shorter quiet than the windows ask for.
  expect(owned.tick(52)).toEqual([]);
  expect(owned.tick(53)).toEqual(["1"]);
  expect(owned.task.tickAfterMs).toBeUndefined();
  expect(owned.tick(53)).toEqual([]);
  owned.crash();
  expect(owned.tick(40)).toEqual([]);
  expect(owned.tick(53)).toEqual([]);
});

test("nothing undoes a tick: not a record that fails, not a crash [ENG-27]", () => {
  for (const crash of [false, true]) {
    const owned = new Owned(sums, 0).append("a", 1, 3);
    owned.run();
    owned.tick(60);
    if (crash) owned.crash();
    owned.append("a", -1, 100).append("a", 2, 45).append("a", 4, 60);
    expect(owned.run()).toEqual([]);
    expect(owned.task.counters).toMatchObject({ deadLetters: 1, lateRecords: 1 });
  }
});

test("a tick goes on to the records that come, wherever a slice ends [ENG-27]", () => {
  for (const crash of [false, true]) {
    const owned = new Owned(sums, 0).append("a", 1, 3);
    owned.run();
    owned.tick(60);
    if (crash) owned.crash();
    owned.append("a", 2, 62);
    expect(owned.run()).toEqual([]);
    owned.append("a", 4, 75);
    expect(owned.run()).toEqual(["2"]);
  }
});

const behind = pipeline("behind", ({ stream }) =>
  stream<number>("in")
    .selectKey(() => "k")
    .groupByKey()
    .windowedBy(tumbling({ size: 10, grace: 0 }))
    .emit(onClose())
    .closeWhenIdle(1)
    .reduce((sum, value) => sum + value)
    .to("out"),
);

/** What the first task sends for one record. */
function sentFor(value: number, timestampMs: number): Uint8Array<ArrayBuffer> {
  const [row] = new Owned(behind, 0).append("a", value, timestampMs).sent();
  if (row === undefined) throw new Error("the first task sent nothing");
  return row.body;
}

test("behind an internal topic quiet goes no further than an upstream that is not idle, be it the only one [ENG-27]", () => {
  const owned = new Owned(behind, 1).deliver(sentFor(1, 3));
  owned.run();
  expect(owned.tick(500)).toEqual([]);
  // Nothing to wait for but word of it.
  expect(owned.task.tickAfterMs).toBeUndefined();
  expect(owned.task.settled).toBe(false);
  owned.deliver(controlBatch(0, 9)).run();
  expect(owned.tick(500)).toEqual([]);
  expect(owned.task.tickAfterMs).toBeUndefined();
  owned.deliver(controlBatch(0, "idle")).run();
  expect(owned.task.tickAfterMs).toBe(7);
  expect(owned.tick(500)).toEqual(["1"]);
  expect(owned.task.settled).toBe(true);
});

test("a task says that it is idle no later than what is behind it closes in quiet [ENG-23]", () => {
  const idleAfter = (quiet: Duration | "never", at: number): number | undefined => {
    const plan = cutPlan(
      pipeline("p", ({ stream }) =>
        stream("in")
          .repartition()
          .selectKey(() => "k")
          .groupByKey()
          .windowedBy(tumbling({ size: 10, grace: 0 }))
          .closeWhenIdle(quiet)
          .count(),
      ).plan,
    ).tasks[at];
    return plan && idleAfterMs(plan);
  };
  expect([0, 1, 2].map((at) => idleAfter(50, at))).toEqual([50, 50, IDLE_AFTER_MS]);
  expect([0, 1].map((at) => idleAfter("10 minutes", at))).toEqual([IDLE_AFTER_MS, IDLE_AFTER_MS]);
  expect([0, 1].map((at) => idleAfter("never", at))).toEqual([IDLE_AFTER_MS, IDLE_AFTER_MS]);
});

test("of several upstreams the slowest that is not idle counts [ENG-27]", () => {
  const owned = new Owned(behind, 1, 2).deliver(sentFor(1, 3));
  owned.run();
  owned.deliver(controlBatch(0, "idle")).run();
  expect(owned.tick(500)).toEqual([]);
  owned.deliver(controlBatch(1, 8)).run();
  expect(owned.tick(500)).toEqual([]);
  owned.deliver(controlBatch(1, 12)).run();
  expect(owned.tick(500)).toEqual(["1"]);
});

test("a task whose windows quiet will close is not idle, and tells no more than what it may still send [ENG-26]", () => {
  const first = pipeline("first", ({ stream }) =>
    stream<number>("in")
      .groupByKey()
      .windowedBy(tumbling({ size: 100, grace: 0 }))
      .emit(onClose())
      .reduce((sum, value) => sum + value)
      .toStream()
      .selectKey(() => "k")
      .groupByKey()
      .windowedBy(tumbling({ size: 10, grace: 0 }))
      .count(),
  );
  const owned = new Owned(first, 0, 2).append("a", 1, 30).append("b", 1, 90);
  const [told] = owned.sent();
  expect(told?.target).toBe("topic:__selectKey-1/0");
  const says = (batch: Uint8Array<ArrayBuffer>): unknown => [...internallyLogged(batch, 0)].at(-1)?.batchEnd;
  expect(told && says(told.body)).toMatchObject({ progressMs: 0, control: true });
  expect(owned.task.settled).toBe(false);
  owned.append("a", 1, 130);
  const [sent] = owned.sent();
  expect(sent && says(sent.body)).toMatchObject({ progressMs: 100, control: false });
});

test("where a watermark moves by batches, what has closed is not lost in a crash before the next batch [WIN-10, WMK-2]", () => {
  const subject = pipeline("spark", ({ stream }) =>
    stream<number>("in")
      .withWatermark("0 ms", { moves: "everyBatch", emptyBatch: false })
      .groupByKey()
      .windowedBy(tumbling({ size: 10, grace: 0 }))
      .emit(onClose())
      .reduce((sum, value) => sum + value, { retention: 10 })
      .to("out"),
  ).trigger(every("1 second"));
  for (const crash of [false, true]) {
    const given = [
      ["a", 1, 3],
      ["a", 2, 1_000_000],
      ["a", 4, 1_000_001],
    ] as const;
    expect(shown(driven(subject, given, { slice: 1, crash }))).toEqual(["a@0-10 1 (9)"]);
  }
});
