import { expect, test } from "vitest";
import { d1, pipeline, type Pipeline, r2 } from "../../sdk/streams/index.ts";
import type { ColumnType } from "../../schema/sinks.ts";
import { TestSelect } from "../../testing/test-select.ts";
import { layoutOf } from "../core/task/layout.ts";
import { MemoryStateStore } from "../core/store/memory-state-store.ts";
import { Plans } from "../plans.ts";
import { codeOf } from "./task-code.ts";

interface Shape {
  readonly table?: string;
  readonly columns?: { readonly [name: string]: ColumnType };
  readonly prefix?: string;
  readonly store?: string;
}

function subject({ table = "t", columns = { k: "TEXT" }, prefix = "files", store = "counts" }: Shape): Pipeline {
  return pipeline("p", ({ stream }) => {
    const values = stream<{ k: string }>("in");
    values.groupByKey().count({ store });
    values.to(d1(table, { columns, primaryKey: ["k"] }));
    values.to(r2(prefix));
  });
}

/** What becomes of a task that began with one code and wakes with another. */
function woken(before: Shape, after: Shape): { kind: string; error?: string } {
  const began = new Plans([subject(before).plan]);
  const plans = new Plans([subject(after).plan]);
  const plan = began.task("p", 1, "in");
  if (plan === undefined) throw new Error("it reads in");
  const row = {
    pipeline: "p",
    version: 1,
    incarnation: 1,
    wiring: began.wiring("p", 1),
    layout: layoutOf(plan),
    outputs: { "p.dead-letters": { topicId: "d", partitions: 1 } },
    sinks: began.sinks("p", 1),
    upstreams: [],
    progress: undefined,
  };
  const store = new MemoryStateStore();
  return codeOf({ row, input: "in", partition: 0, plans, store, select: new TestSelect(store, plan) });
}

test.each<[what: string, after: Shape, error: string]>([
  ["another table", { table: "other" }, "did not write table other with these columns"],
  ["other columns", { columns: { k: "TEXT", n: "INTEGER" } }, "did not write table t with these columns"],
  ["another prefix", { prefix: "other" }, "did not write files under other"],
  ["another store", { store: "other" }, "the stores of p version 1 are not those"],
])("%s under the same version is an incompatible change [ENG-12, ENG-33]", (_what, after, error) => {
  const found = woken({}, after);
  expect(found.kind).toBe("misfit");
  expect(found.error).toMatch(/^incompatible_change: .*: raise the version, or deploy the former code$/);
  expect(found.error).toContain(error);
});

test("what a task began with it goes on with [ENG-12]", () => {
  expect(woken({}, {}).kind).toBe("runs");
});
