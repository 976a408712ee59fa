import { expect, test } from "vitest";
import { MemoryStateStore } from "../store/memory-state-store.ts";
import { RunningTask } from "../task/running-task.ts";
import { Output, type Operator, type Runtime } from "./operator.ts";
import { Origin, StreamRecord } from "./stream-record.ts";
import { SourcePayload } from "./payload.ts";
import { shownBy } from "./result-payload.ts";
import { Updates } from "./updates.ts";

class Seen implements Operator {
  readonly name = "seen";
  readonly changes: unknown[] = [];

  process({ key, value, before }: StreamRecord): void {
    this.changes.push([key, value, before === undefined ? "not said" : before.value()]);
  }
}

function runtimeOf(microBatch: boolean): Runtime {
  const task = new RunningTask(
    { name: "p", version: 1, trigger: { kind: "perEvent" }, deadLetterTopic: "dead", input: "in", nodes: [] },
    { store: new MemoryStateStore(), topic: "in", partition: 0, outputs: { dead: { partitions: 1 } }, cacheBytes: 0 },
    {
      streamTimeMs: -1,
      clocks: {},
      counters: { recordsIn: 0, recordsOut: 0, lateRecords: 0, droppedRecords: 0, deadLetters: 0 },
    },
  );
  const { cache, undo, tally, trace, batch, batchCalls } = task;
  const { origin } = from;
  return {
    cache,
    undo,
    tally,
    trace,
    origin,
    batch,
    batchCalls,
    streamTimeMs: -1,
    wallClockMs: 0,
    letterOf: task.letterOf.bind(task),
    lookUp: task.lookUp.bind(task),
    stop: task.stop.bind(task),
    unit: task.unit.bind(task),
    attempt: task.attempt.bind(task),
    microBatch,
  };
}

const record = { key: null, value: null, timestampMs: 0, headers: [], offset: 0 };
const from = new StreamRecord(null, new SourcePayload(null, "json"), {
  timestampMs: 0,
  origin: new Origin("in", 0, record),
});

type Options = { microBatch: boolean; readsBefore: boolean; result?: (state: unknown) => unknown };

function changes(options: Options): unknown[] {
  const seen = new Seen();
  const runtime = runtimeOf(options.microBatch);
  const output = new Output({ node: "" }, [seen], options.readsBefore);
  const updates = new Updates(runtime, output, shownBy({ name: "node", result: options.result }, runtime.trace));
  updates.emit("a", { text: "1", before: undefined, timestampMs: 1 }, from);
  updates.emit("b", { text: undefined, before: "7", timestampMs: 2 }, from);
  updates.emit("a", { text: "2", before: "1", timestampMs: 3 }, from);
  runtime.undo.clear();
  updates.emit("a", { text: "3", before: "2", timestampMs: 4 }, from);
  runtime.undo.rollback();
  if (options.microBatch) updates.endBatch();
  return seen.changes;
}

test("a change says what it replaces, where somebody reads it [TBL-1]", () => {
  expect(changes({ microBatch: false, readsBefore: true })).toEqual([
    ["a", 1, null],
    ["b", null, 7],
    ["a", 2, 1],
    ["a", 3, 2],
  ]);
  expect(changes({ microBatch: false, readsBefore: false })).toContainEqual(["a", 2, "not said"]);
});

test("in a micro-batch it is what the first change of the batch replaced [TBL-1]", () => {
  expect(changes({ microBatch: true, readsBefore: true })).toEqual([
    ["a", 2, null],
    ["b", null, 7],
  ]);
});

test("both are what the node's result makes of the states [AGG-13]", () => {
  const result = (state: unknown): unknown => [state];
  expect(changes({ microBatch: false, readsBefore: true, result })).toEqual([
    ["a", [1], null],
    ["b", null, [7]],
    ["a", [2], [1]],
    ["a", [3], [2]],
  ]);
});
