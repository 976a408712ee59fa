import { expect, test } from "vitest";
import type { PlanNode, SuppressNode } from "../../../schema/plan.ts";
import { planOf } from "../../test/task-harness.ts";
import { checkPlan } from "./check.ts";

const source: PlanNode = { kind: "source", name: "source", inputs: [], topic: "in", format: "json" };
const table: PlanNode = { kind: "toTable", name: "table", inputs: ["source"], store: { name: "table" } };
const filter: PlanNode = { kind: "tableFilter", name: "filter", inputs: ["table"], predicate: () => true };
const values: PlanNode = { kind: "tableMapValues", name: "values", inputs: ["filter"], mapper: () => 1 };
const group: PlanNode = {
  kind: "groupTable",
  name: "group",
  inputs: ["values"],
  selector: (value) => ({ key: "a", value }),
};
const sum: PlanNode = {
  kind: "tableAggregate",
  name: "sum",
  inputs: ["group"],
  store: { name: "sum" },
  adder: () => 1,
  subtractor: () => 1,
};
const hours: PlanNode = {
  kind: "aggregate",
  name: "hours",
  inputs: ["source"],
  store: { name: "hours" },
  windows: { kind: "time", sizeMs: 10, advanceMs: 10, graceMs: 0 },
  aggregator: () => 1,
};

const wait: SuppressNode = {
  kind: "suppress",
  name: "wait",
  inputs: ["hours"],
  store: { name: "wait" },
  until: "windowCloses",
  waitMs: 5,
  buffer: { maxRecords: 5, whenFull: "shutDown" },
};
const ever: PlanNode = { ...hours, windows: { kind: "unlimited", startMs: 0 } };

test("what is held back is accepted, by window and by key [SUP-7]", () => {
  const limit = { ...wait, inputs: ["table"], until: "timeLimit", buffer: { whenFull: "emitEarly" } } as const;
  expect(checkPlan(planOf([source, hours, wait, table, { ...limit, name: "l", store: { name: "l" } }]))).toEqual({
    ok: true,
  });
});

test("rows of windows that are to be kept are told how [TBL-8]", () => {
  const answer = checkPlan(planOf([source, hours, { ...filter, inputs: ["hours"], store: { name: "f" } }]));
  expect(answer).toMatchObject({ ok: false, hint: expect.stringContaining(".toStream(selector).toTable()") });
});

test.each<[wrong: string, nodes: readonly PlanNode[], field: string, message: string]>([
  ["stream", [{ ...wait, inputs: ["source"] }], "nodes[1].inputs[0]", "which is no table"],
  ["no windows", [table, { ...wait, inputs: ["table"] }], "nodes[2].until", "a table that has none"],
  ["windows for ever", [ever, wait], "nodes[2].until", "never close"],
  ["early", [hours, { ...wait, buffer: { whenFull: "emitEarly" } }], "nodes[2].buffer.whenFull", "before they close"],
  ["wait", [hours, { ...wait, waitMs: -1 }], "nodes[2].waitMs", "-1 ms"],
  [
    "records",
    [hours, { ...wait, buffer: { maxRecords: 0.5, whenFull: "shutDown" } }],
    "nodes[2].buffer.maxRecords",
    "0.5",
  ],
  ["bytes", [hours, { ...wait, buffer: { maxBytes: -1, whenFull: "shutDown" } }], "nodes[2].buffer.maxBytes", "-1"],
])("%s is refused [SUP-7]", (_wrong, ...[nodes, field, message]) => {
  const answer = checkPlan(planOf([source, ...nodes]));
  expect(answer).toMatchObject({
    ok: false,
    field,
    message: expect.stringContaining(message),
    hint: expect.anything(),
  });
});

test("tables of tables are accepted, windows in groups too [TBL-8]", () => {
  const rows = [
    { ...filter, store: { name: "f" } },
    { ...values, store: { name: "v" } },
  ] as const;
  expect(checkPlan(planOf([source, table, ...rows, group, sum]))).toEqual({ ok: true });
  const windows = { ...filter, inputs: ["hours"] };
  expect(checkPlan(planOf([source, hours, windows, values, group, sum]))).toEqual({ ok: true });
});

test.each<[wrong: string, nodes: readonly PlanNode[], field: string, message: string]>([
  ["filter", [{ ...filter, inputs: ["source"] }], "nodes[1].inputs[0]", `reads "source" (source), which is no table`],
  ["group", [{ ...group, inputs: ["source"] }], "nodes[1].inputs[0]", "which is no table"],
  ["aggregate", [table, { ...sum, inputs: ["table"] }], "nodes[2].inputs[0]", `"sum" (tableAggregate) reads "table"`],
  [
    "sink of groups",
    [table, filter, values, group, { kind: "merge", name: "merge", inputs: ["group"] }],
    "nodes[5].inputs[0]",
    `"merge" (merge) reads "group" (groupTable)`,
  ],
  [
    "rows of windows",
    [hours, { ...filter, inputs: ["hours"], store: { name: "f" } }],
    "nodes[2].inputs",
    `"filter" keeps state by a window`,
  ],
  [
    "store twice",
    [table, { ...filter, store: { name: "table" } }],
    "nodes[2].store.name",
    `two stores are named "table"`,
  ],
])("%s is refused [TBL-8]", (_wrong, ...[nodes, field, message]) => {
  const answer = checkPlan(planOf([source, ...nodes]));
  expect(answer).toMatchObject({
    ok: false,
    field,
    message: expect.stringContaining(message),
    hint: expect.anything(),
  });
});
