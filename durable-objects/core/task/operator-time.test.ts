import { expect, test } from "vitest";
import { onClose, pipeline, type PipelineBuilder, tumbling, valueState, within } from "../../../sdk/streams/index.ts";
import { logOf } from "../../test/task-harness.ts";
import { soleTask } from "../../test/sole-task.ts";
import { MemoryStateStore } from "../store/memory-state-store.ts";
import { Task } from "./task.ts";

/** The task's clock after each record of such a time. */
function clockOver(define: (builder: PipelineBuilder) => unknown, times: readonly number[]): number[] {
  const { plan } = pipeline("p", define);
  const outputs = { out: { partitions: 1 }, "p.dead-letters": { partitions: 1 } };
  const ports = { topic: "in", partition: 0, outputs, store: new MemoryStateStore(), cacheBytes: 1_000_000 };
  const task = new Task(soleTask(plan), ports);
  let progress: string | undefined;
  task.restore(progress);
  const log = logOf(times.map((timestampMs) => ({ key: "k", value: timestampMs, timestampMs })));
  return [
    task.clockMs,
    ...log.map((record) => {
      ({ progress } = task.run([record], { nowMs: 0 }));
      const { clockMs } = task;
      task.restore(progress);
      expect(task.clockMs).toBe(clockMs);
      return clockMs;
    }),
  ];
}

const windows = tumbling({ size: "1 second", grace: "1 minute" });

test("without an operator that has a clock it is the largest record time [ENG-34]", () => {
  expect(clockOver(({ stream }) => stream("in").to("out"), [5, 3, 9])).toEqual([-1, 5, 5, 9]);
  expect(clockOver(({ stream }) => stream("in").groupByKey().count(), [5, 3])).toEqual([-1, 5, 5]);
});

test("else that of the operator, which a record must have reached; the grace is not taken off [ENG-34]", () => {
  const windowed = ({ stream }: PipelineBuilder): unknown =>
    stream<number>("in")
      .filter((n) => n !== 7)
      .groupByKey()
      .windowedBy(windows)
      .emit(onClose())
      .count();
  expect(clockOver(windowed, [7, 5, 3, 9])).toEqual([-1, -1, 5, 5, 9]);
});

test("of several the least, each begun [ENG-34]", () => {
  const two = ({ stream }: PipelineBuilder): unknown => {
    const numbers = stream<number>("in");
    numbers
      .filter((n) => n % 2 === 1)
      .groupByKey()
      .windowedBy(windows)
      .count();
    return numbers.processValues({ state: { last: valueState<number>() }, record: () => [] });
  };
  expect(clockOver(two, [4, 3, 8, 7, 9])).toEqual([-1, -1, 3, 3, 7, 9]);
});

test("behind a watermark with its delay, and with what may wait between [ENG-34]", () => {
  const delayed = ({ stream }: PipelineBuilder): unknown =>
    stream("in").withWatermark("1 second").groupByKey().windowedBy(windows).count();
  expect(clockOver(delayed, [400, 5_000])).toEqual([-1, -1, 4_000]);
  const held = ({ stream }: PipelineBuilder): unknown => {
    const numbers = stream<number>("in").withWatermark("1 second");
    return numbers
      .leftJoin(numbers, (a, b) => [a, b], within("2 seconds", { grace: 0 }))
      .groupByKey()
      .windowedBy(windows)
      .count();
  };
  expect(clockOver(held, [10_000])).toEqual([-1, 10_000 - 1_000 - 2_001]);
});
