import { expect, test } from "vitest";
import type { Plan } from "../../../schema/plan.ts";
import {
  hopping,
  pipeline,
  session,
  sliding,
  type Stream,
  type Table,
  tumbling,
  untilWindowCloses,
} from "../../../sdk/streams/index.ts";
import type { Windowed } from "../../../schema/windows.ts";
import { checkPlan } from "./check.ts";
import { cutPlan } from "./cut.ts";
import { describePlan } from "./describe.ts";

const pair = (left: unknown, right: unknown): unknown => [left, right];
const tens = tumbling({ size: 10, grace: 0 });
const counts = (stream: Stream<unknown>, windows = tens): Table<number, Windowed> =>
  stream.groupByKey().windowedBy(windows).count();

/** By task: its aggregates and joins. */
function tasksOf(plan: Plan): { readonly [input: string]: readonly string[] } {
  const { tasks } = cutPlan(plan);
  const all = tasks.map(({ input, nodes }) => {
    const names = nodes.filter(({ kind }) => ["aggregate", "tableJoin", "tableCopy"].includes(kind));
    return [input, names.map(({ name }) => name)] as const;
  });
  return Object.fromEntries(all.filter(([, names]) => names.length > 0));
}

test("windowed tables that are joined are made where the join is, whoever reads them first [JON-22]", () => {
  const { plan } = pipeline("p", ({ stream }) => {
    const [a, b, c] = [counts(stream("a")), counts(stream("b")), counts(stream("c"))];
    a.to("out");
    const ab = a.filter((n) => n > 1).join(b, pair);
    c.leftJoin(ab, pair).to("joined");
    counts(stream("a")).to("others");
  });
  expect(checkPlan(plan)).toEqual({ ok: true });
  expect(tasksOf(plan)).toEqual({
    a: ["count-4"],
    "__join-1": ["count-1", "count-2", "count-3", "join-1", "leftJoin-1"],
  });
});

test("windowed tables of one topic, or of one key, are joined in the task that has them [JON-22]", () => {
  const { plan } = pipeline("p", ({ stream }) => {
    const a = counts(stream("a"));
    a.join(counts(stream("a").filter(() => true)), pair);
    const keyed = stream("b").selectKey(() => "k");
    const b = counts(keyed);
    b.join(b, pair);
    b.join(counts(keyed), pair);
    const [c, d] = [stream("c").groupByKey(), stream("d").groupByKey()];
    const both = c
      .cogroup((n: number) => n + 1)
      .cogroup(d, (n) => n + 1)
      .windowedBy(tens)
      .aggregate(() => 0);
    both.join(counts(stream("c")), pair);
  });
  expect(checkPlan(plan)).toEqual({ ok: true });
  const tasks = Object.entries(tasksOf(plan)).map(([input, names]) => [
    input,
    names.filter((name) => name.includes("oin")),
  ]);
  expect(tasks).toEqual([
    ["a", ["join-1"]],
    ["__join-2", ["join-2", "join-3"]],
    ["__join-4", ["join-4"]],
  ]);
  expect(tasksOf(plan)["__join-4"]?.length).toBe(3);
});

test("the rows of a join of windows are read as a windowed store [JON-22]", () => {
  const { plan } = pipeline("p", ({ stream }) => {
    const windows = hopping({ size: 10, advance: 5, grace: 1 });
    counts(stream("a"), windows).join(counts(stream("a"), { ...windows, graceMs: 7 }), pair, { store: "pairs" });
  });
  expect(plan.nodes.at(-1)).toMatchObject({ kind: "tableJoin", windows: { ...tens, advanceMs: 5, graceMs: 7 } });
  expect(describePlan(plan).nodes.at(-1)?.detail).toMatch(/^inner of .*10 ms.*, store pairs$/);
  expect(describePlan(plan).stores.find(({ name }) => name === "pairs")).toMatchObject({
    kind: "window",
    windows: "time",
  });
});

type Define = (a: Stream<unknown>, b: Stream<unknown>) => void;
const text = (stream: Stream<unknown>): Table<unknown, string> => stream.toTable();
const sessions = (stream: Stream<unknown>): Table<number, Windowed> =>
  stream
    .groupByKey()
    .windowedBy(session({ gap: 10, grace: 0 }))
    .count() as never;
const slides = (stream: Stream<unknown>): Table<number, Windowed> =>
  stream
    .groupByKey()
    .windowedBy(sliding({ difference: 10, grace: 0 }))
    .count();

test.each<[what: string, define: Define, message: string, hint: string]>([
  [
    "other sizes",
    (a, b) => counts(a).join(counts(b, tumbling({ size: 20, grace: 0 })), pair),
    "time 10 10 and time 20 20",
    "the same windows",
  ],
  ["keys of text", (a, b) => counts(a).join(text(b) as never, pair), "time 10 10 and none", "the same windows"],
  ["windows behind text", (a, b) => text(a).join(counts(b) as never, pair), "none and time 10 10", "the same windows"],
  ["sessions", (a, b) => sessions(a).join(sessions(b), pair), "tables of session windows", "text keys"],
  ["sliding windows", (a, b) => slides(a).leftJoin(slides(b), pair), "tables of sliding windows", "text keys"],
  [
    "what is held back",
    (a, b) => counts(a).suppress(untilWindowCloses()).outerJoin(counts(b), pair),
    `reads "suppress-1", which keeps no windows`,
    "suppress what comes of the join",
  ],
  [
    "a table made of the other",
    (a) => {
      const first = counts(a);
      first.join(counts(first.toStream().selectKey(() => "k")), pair);
    },
    "one is made of the other's changes",
    ".toTable()",
  ],
  [
    "foreign keys",
    (a, b) => (counts(a) as never as Table<unknown, string>).join(text(b), pair, { foreignKey: () => "k" }),
    "keeps state by a window and its key",
    "A join by foreign key",
  ],
  [
    "a stream",
    (a, b) => a.join(counts(b) as never, pair as never),
    "keeps state by a window and its key",
    "A stream is joined with a table of text keys",
  ],
])(
  "a join of windows with %s is refused, with what to do [JON-8, JON-22, PLN-3]",
  (_what, ...[define, message, hint]) => {
    const { plan } = pipeline("p", ({ stream }) => define(stream("a"), stream("b")));
    expect(checkPlan(plan)).toMatchObject({
      ok: false,
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    });
  },
);
