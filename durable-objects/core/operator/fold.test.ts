import { expect, test } from "vitest";
import type { AggregateNode, PlanNode } from "../../../schema/plan.ts";
import { logOf, planOf, runTask } from "../../test/task-harness.ts";

const tumbling: AggregateNode["windows"] = { kind: "time", sizeMs: 10, advanceMs: 10, graceMs: 0 };

test.each([false, true])(
  "what only counts gets no value, and a value that is no JSON is not counted, micro-batches: %s [AGG-28]",
  (microBatches) => {
    const values: unknown[] = [];
    const nodes: PlanNode[] = [
      { kind: "source", name: "source", inputs: [], topic: "in", format: "json" },
      {
        kind: "aggregate",
        name: "count",
        inputs: ["source"],
        store: { name: "counts" },
        windows: tumbling,
        counts: true,
        initializer: () => 0,
        aggregator: (count, value) => {
          values.push(value);
          return (count as number) + 1;
        },
      },
      { kind: "sink", name: "out", inputs: ["count"], sink: { kind: "topic", topic: "out", format: "json" } },
    ];
    const log = logOf([
      { key: "a", value: { price: 1 } },
      { key: "a", text: '{"price":' },
      { key: "a", value: null },
    ]);
    const { sent, counters } = runTask(planOf(nodes), log, { microBatches });
    expect(sent["topic:out/0"]?.at(-1)?.value).toBe("2");
    expect(values).toEqual([undefined, undefined]);
    expect(counters.deadLetters).toBe(1);
    expect(sent["topic:dead/0"]?.map(({ value }) => value)).toEqual(['{"price":']);
  },
);
