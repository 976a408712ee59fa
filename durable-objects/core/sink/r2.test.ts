import { expect, test } from "vitest";
import type { PlanNode } from "../../../schema/plan.ts";
import type { R2Sink } from "../../../schema/sinks.ts";
import { logOf, planOf, runTask, type Given, type Outcome } from "../../test/task-harness.ts";

function r2(path: R2Sink["path"], given: readonly Given[]): Outcome {
  const nodes: PlanNode[] = [
    { kind: "source", name: "source", inputs: [], topic: "in", format: "json" },
    {
      kind: "sink",
      name: "r2",
      inputs: ["source"],
      sink: { kind: "r2", prefix: "archive", path, rollMs: 1, maxFileBytes: 1 },
    },
  ];
  return runTask(planOf(nodes), logOf(given));
}

test("each record is one line of its value's text, at the path that user code gives it [SNK-7]", () => {
  const given = [
    { key: "a", text: "12.30" },
    { key: "b", text: '{\n  "s": "x\\ny"\r\n}' },
    { key: "a", value: [1] },
  ];
  expect(r2((_, key) => `day=1/${key as string}`, given).text).toEqual({
    "r2:archive/day=1/a": "12.30\n[1]\n",
    "r2:archive/day=1/b": '{   "s": "x\\ny" }\n',
  });
});

test("a path that could leave its place or not be seen is a dead letter [SNK-8]", () => {
  for (const path of [
    "",
    "/a",
    "a/",
    "a//b",
    "..",
    "a/../b",
    "./a",
    "a\u0000",
    "a\nb",
    "a\u202eb",
    "\ud800",
    "é".repeat(251),
    5,
    null,
    undefined,
  ]) {
    const outcome = r2(() => path as string, [{ value: 1 }]);
    expect(outcome.text).toEqual({});
    expect(outcome.sent["topic:dead/0"]?.[0]?.headers["millrace.error"]).toMatch(/^path /);
  }
  expect(Object.keys(r2(() => "é".repeat(250), [{ value: 1 }]).text)).toHaveLength(1);
});

test("a tombstone has no line [SNK-7]", () => {
  expect(r2(() => "a", [{ value: null }]).counters).toMatchObject({ deadLetters: 1, recordsOut: 0 });
});
