import { expect, test } from "vitest";
import type { ConsumerRecord } from "../../../schema/record.ts";
import { readDeadLetter } from "../../../schema/dead-letter.ts";
import { decodeRecords } from "../../../schema/record-batch/decode.ts";
import { decompress } from "../../gzip.ts";
import { logOf, planOf } from "../../test/task-harness.ts";
import { soleTask } from "../../test/sole-task.ts";
import { MemoryStateStore } from "../store/memory-state-store.ts";
import { Task } from "./task.ts";

const plan = planOf([
  { kind: "source", name: "source", inputs: [], topic: "in", format: "json" },
  {
    kind: "mapValues",
    name: "check",
    inputs: ["source"],
    mapper: (value) => {
      if (value === 2) throw new Error("two");
      return value;
    },
  },
  { kind: "sink", name: "out", inputs: ["check"], sink: { kind: "topic", topic: "out", format: "json" } },
]);
const [one, two] = logOf([
  { key: "a", value: 1 },
  { key: "a", value: 2 },
]) as [ConsumerRecord, ConsumerRecord];

test.each(["fail", "retry", "deadLetter", "parkKey"] as const)(
  "under %s a redriven record that fails stops nothing, and counts as no record read [ERR-5]",
  (kind) => {
    const onError = kind === "retry" ? ({ kind, times: 3, backoffMs: 1 } as const) : { kind };
    const task = new Task(soleTask({ ...plan, onError }), {
      store: new MemoryStateStore(),
      topic: "in",
      partition: 0,
      outputs: { out: { partitions: 1 }, dead: { partitions: 1 } },
      cacheBytes: 1_000_000,
      incarnation: 7,
    });
    task.restore(undefined);
    const items = [two, one].map((record) => ({ kind: "record", record }) as const);
    const { rows, failure, recordsIn: read, recordsOut } = task.redrive(items, { nowMs: 0 });
    expect({ failure, read }).toEqual({ failure: undefined, read: 0 });
    // A key that is parked lets nothing pass.
    expect(recordsOut).toBe(kind === "parkKey" ? 0 : 1);
    const letters = rows
      .filter(({ target }) => target === "topic:dead/0")
      .flatMap(({ body }) => decodeRecords(body, decompress).map(readDeadLetter));
    const parked = kind === "parkKey";
    expect(letters.map((letter) => [letter?.kind, letter?.taskOffset, letter?.incarnation])).toEqual(
      parked
        ? [
            ["parked", 1, 7],
            ["parked", 0, 7],
          ]
        : [["record", 1, 7]],
    );
    expect(task.parked("a")).toEqual(parked ? { records: 2, offset: 1 } : undefined);
  },
);

test("a redriven record that has ended the object too often is a dead letter unrun [ERR-8]", () => {
  const task = new Task(soleTask(plan), {
    store: new MemoryStateStore(),
    topic: "in",
    partition: 0,
    outputs: { out: { partitions: 1 }, dead: { partitions: 1 } },
    cacheBytes: 1_000_000,
  });
  task.restore(undefined);
  const { rows } = task.redrive([{ kind: "record", record: one }], { nowMs: 0, terminated: "it looped" });
  expect(rows.map(({ target }) => target)).toEqual(["topic:dead/0"]);
});
