import { expect, test } from "vitest";
import type { PlanNode, RecordContext, ValueFormat } from "../../../schema/plan.ts";
import { logOf, planOf, runTask, type Given, type Outcome } from "../../test/task-harness.ts";

type Middle = PlanNode extends infer Node ? (Node extends PlanNode ? Omit<Node, "name" | "inputs"> : never) : never;

/** Source → nodes in a row → topic `out`. */
function pass(
  given: readonly Given[],
  nodes: readonly Middle[],
  formats: { from?: ValueFormat; to?: ValueFormat } = {},
): Outcome & { out: unknown[] } {
  const middle = nodes.map(
    (node, index) => ({ ...node, name: `n${index}`, inputs: [index === 0 ? "source" : `n${index - 1}`] }) as PlanNode,
  );
  const outcome = runTask(
    planOf([
      { kind: "source", name: "source", inputs: [], topic: "in", format: formats.from ?? "json" },
      ...middle,
      {
        kind: "sink",
        name: "out",
        inputs: [middle.at(-1)?.name ?? "source"],
        sink: { kind: "topic", topic: "out", format: formats.to ?? "json" },
      },
    ]),
    logOf(given),
  );
  return { ...outcome, out: (outcome.sent["topic:out/0"] ?? []).map(({ key, value }) => [key, value]) };
}

const errorOf = ({ sent }: Outcome): string | null | undefined => sent["topic:dead/0"]?.[0]?.headers["millrace.error"];

test("a value nobody changes leaves as the text it came as [STM-1]", () => {
  const text = ' {"n": 12.30, "big": 9007199254740993, "n":1} ';
  const nodes: Middle[] = [
    { kind: "filter", predicate: (value) => (value as { n: number }).n === 1 },
    { kind: "selectKey", selector: () => "k" },
  ];
  expect(pass([{ key: "a", text }], nodes).out).toEqual([["k", text]]);
  expect(pass([{ key: "a", text }], []).out).toEqual([["a", text]]);
});

test("a function that returns a value makes a new one, even when it is the same object [STM-1]", () => {
  expect(pass([{ key: "a", text: "1.50" }], [{ kind: "mapValues", mapper: (value) => value }]).out).toEqual([
    ["a", "1.5"],
  ]);
});

test("a value that is not of its source's format is a dead letter, whoever reads it or nobody does [STM-2]", () => {
  expect(errorOf(pass([{ key: "a", text: "{" }], []))).toMatch(/^the value is not JSON: /);
  expect(errorOf(pass([{ key: "a", text: "{" }], [{ kind: "filter", predicate: (value) => value !== 1 }]))).toMatch(
    /not JSON/,
  );
  const bytes = logOf([{ key: "a" }]).map((record) => ({ ...record, value: Uint8Array.of(0xff) }));
  const plan = (format: ValueFormat): ReturnType<typeof planOf> =>
    planOf([
      { kind: "source", name: "source", inputs: [], topic: "in", format },
      { kind: "sink", name: "out", inputs: ["source"], sink: { kind: "topic", topic: "out", format } },
    ]);
  expect(errorOf(runTask(plan("text"), bytes))).toBe("the value is not UTF-8");
  expect(runTask(plan("bytes"), bytes).counters).toMatchObject({ recordsOut: 1, deadLetters: 0 });
});

test("formats are converted where they can be, else the record is a dead letter [STM-3]", () => {
  expect(pass([{ key: "a", text: '"é"' }], [], { to: "text" }).out).toEqual([["a", "é"]]);
  expect(pass([{ key: "a", text: "é" }], [], { from: "text" }).out).toEqual([["a", '"é"']]);
  expect(errorOf(pass([{ key: "a", text: "1" }], [], { to: "text" }))).toBe("value is number, its topic holds text");
  expect(errorOf(pass([{ key: "a", text: "1" }], [], { to: "bytes" }))).toBe("value is number, its topic holds bytes");
  expect(errorOf(pass([{ key: "a", text: "x" }], [], { from: "bytes" }))).toBe(
    "value is bytes, which JSON cannot hold",
  );
});

test("null is a tombstone on every way through [STM-4]", () => {
  for (const format of ["json", "text", "bytes"] as const) {
    expect(
      pass([{ key: "a", value: null }], [{ kind: "filter", predicate: (value) => value === null }], {
        from: format,
        to: format,
      }).out,
    ).toEqual([["a", null]]);
  }
  expect(pass([{ key: "a", value: 1 }], [{ kind: "mapValues", mapper: () => null }]).out).toEqual([["a", null]]);
  expect(errorOf(pass([{ key: "a", value: 1 }], [{ kind: "mapValues", mapper: () => undefined }]))).toBe(
    "n0 returned undefined; a tombstone is null",
  );
});

test("map, flatMap and selectKey give new keys and values, with the record's time and headers [STM-5]", () => {
  const seen: RecordContext[] = [];
  const nodes: Middle[] = [
    { kind: "map", mapper: (value, key) => ({ key: `${key as string}1`, value: [value] }) },
    {
      kind: "flatMap",
      mapper: function* (value, key) {
        yield { key, value };
        yield { key: null, value: 2 };
      },
    },
    { kind: "filter", predicate: (_, __, context) => seen.push(context) > 0 },
  ];
  const header = { key: "h", value: new TextEncoder().encode("x") };
  const { sent } = pass([{ key: "a", value: 1, timestampMs: 7, headers: [header] }], nodes);
  expect(sent["topic:out/0"]).toEqual([
    { to: "topic:out/0", key: "a1", value: "[1]", timestampMs: 7, headers: { h: "x" } },
    { to: "topic:out/0", key: null, value: "2", timestampMs: 7, headers: { h: "x" } },
  ]);
  expect(seen[0]).toMatchObject({ timestampMs: 7, offset: 0, topic: "in", partition: 0, headers: [header] });
});

test("what user code does to bytes it is handed does not reach the record [STM-6]", () => {
  const nodes: Middle[] = [
    {
      kind: "filter",
      predicate: (value, _, { headers }) => {
        (value as Uint8Array).fill(0);
        headers[0]?.value?.fill(0);
        return true;
      },
    },
  ];
  const { sent } = pass(
    [{ key: "a", text: "xyz", headers: [{ key: "h", value: new TextEncoder().encode("x") }] }],
    nodes,
    { from: "bytes", to: "bytes" },
  );
  expect(sent["topic:out/0"]?.[0]).toMatchObject({ value: "xyz", headers: { h: "x" } });
});

test("keys are text: what is not is a dead letter that says so [STM-7]", () => {
  const select = (key: unknown): Middle => ({ kind: "selectKey", selector: () => key as string });
  expect(errorOf(pass([{ key: Uint8Array.of(0xff), value: 1 }], []))).toBe("the key is not UTF-8");
  expect(errorOf(pass([{ value: 1 }], [select(5)]))).toBe("n0 returned a key of type number; a key is text or null");
  expect(errorOf(pass([{ value: 1 }], [select(undefined)]))).toMatch(/type undefined/);
  expect(errorOf(pass([{ value: 1 }], [select("\ud800")]))).toBe(
    "n0 returned a key with a lone surrogate, which UTF-8 cannot hold",
  );
  expect(errorOf(pass([{ value: 1 }], [select("x".repeat(16_385))]))).toBe("n0 returned a key above 16384 bytes");
  expect(errorOf(pass([{ value: 1 }], [{ kind: "map", mapper: () => 5 as never }]))).toBe(
    "n0 returned number, not {key, value}",
  );
  for (const key of ["", "\ufeffa", "é", "😀".repeat(20)])
    expect(pass([{ key, value: 1 }], []).out).toEqual([[key, "1"]]);
});

test("records of a topic that the task does not read never enter it, and several sinks each get the record [STM-8]", () => {
  const sink = (name: string, input: string): PlanNode => ({
    kind: "sink",
    name,
    inputs: [input],
    sink: { kind: "topic", topic: name, format: "json" },
  });
  const plan = planOf([
    { kind: "source", name: "here", inputs: [], topic: "in", format: "json" },
    { kind: "source", name: "elsewhere", inputs: [], topic: "other", format: "json" },
    sink("one", "here"),
    sink("two", "here"),
    sink("three", "elsewhere"),
  ]);
  expect(Object.keys(runTask(plan, logOf([{ value: 1 }])).sent)).toEqual(["topic:one/0", "topic:two/0"]);
});
