import { expect, test } from "vitest";
import { every, listState, mapState, pipeline, type PipelineBuilder, valueState } from "../sdk/streams/index.ts";
import type { TestRecord } from "./test-record.ts";
import { TopologyTestDriver } from "./topology-test-driver.ts";

function driverOf(define: (builder: PipelineBuilder) => unknown): TopologyTestDriver {
  return new TopologyTestDriver(pipeline("p", define));
}

function at(timestampMs: number, key: string | null, value: unknown = timestampMs): TestRecord {
  return { key, value, timestampMs };
}

function sent(driver: TopologyTestDriver): unknown[] {
  return driver.read("out").map(({ key, value, timestampMs }) => [key, value, timestampMs]);
}

test("a value, a list and a map of a key are its own [PRC-1, PRC-2]", () => {
  const driver = driverOf(({ stream }) =>
    stream<number>("in")
      .processValues({
        state: { total: valueState<number>(), all: listState<number>(), byParity: mapState<number>() },
        *record(value, _key, { state }) {
          state.total.set((state.total.get() ?? 0) + value);
          state.all.append(value);
          const parity = value % 2 === 0 ? "even" : "odd";
          state.byParity.set(parity, (state.byParity.get(parity) ?? 0) + 1);
          yield [state.total.get(), state.all.get(), state.byParity.entries(), state.byParity.has("even")];
        },
      })
      .to("out"),
  );
  driver.pipe("in", [at(1, "a", 1), at(2, "b", 2), at(3, "a", 4)]);
  expect(sent(driver)).toEqual([
    ["a", [1, [1], [["odd", 1]], false], 1],
    ["b", [2, [2], [["even", 1]], true], 2],
    [
      "a",
      [
        5,
        [1, 4],
        [
          ["even", 1],
          ["odd", 1],
        ],
        true,
      ],
      3,
    ],
  ]);
  expect(driver.store("processValues-1.total").get("a")).toBe(5);
});

test("clear takes a state away, and what get gave is a copy [PRC-2]", () => {
  const driver = driverOf(({ stream }) =>
    stream<string>("in")
      .processValues({
        state: { v: valueState<{ n: number }>(), l: listState<number>(), m: mapState<number>() },
        *record(command, _key, { state }) {
          if (command === "fill") {
            state.v.set({ n: 1 });
            state.l.append(1);
            state.m.set("x", 1);
          } else if (command === "touch") {
            const held = state.v.get();
            if (held !== undefined) held.n = 99;
          } else {
            state.v.clear();
            state.l.clear();
            state.m.clear();
          }
          yield [state.v.get()?.n ?? null, state.l.get().length, state.m.entries().length];
        },
      })
      .to("out"),
  );
  driver.pipe(
    "in",
    ["fill", "touch", "clear", "fill"].map((value, index) => at(index, "a", value)),
  );
  expect(driver.read("out").map(({ value }) => value)).toEqual([
    [1, 1, 1],
    [1, 1, 1],
    [null, 0, 0],
    [1, 1, 1],
  ]);
});

const timers = (builder: PipelineBuilder): void =>
  builder
    .stream<number>("in")
    .process({
      state: { seen: valueState<number>() },
      record(value, key, { timers: own, timestampMs, state }) {
        state.seen.set((state.seen.get() ?? 0) + 1);
        if (value > 0) own.set(timestampMs + value, "t");
        if (value < 0) own.clear(timestampMs - value, "t");
      },
      *timer({ name, dueMs }, key, { state, streamTimeMs }) {
        yield { key: `timer ${key}`, value: [name, dueMs, state.seen.get(), streamTimeMs] };
      },
    })
    .to("out");

test("timers fire by time, then key, before the record that brings them due, and at no other [PRC-3]", () => {
  const driver = driverOf(timers);
  driver.pipe("in", [at(0, "b", 10), at(0, "a", 10), at(0, "c", 5), at(4, "x", 0)]);
  expect(sent(driver)).toEqual([]);
  driver.pipe("in", at(10, "a", 0));
  expect(sent(driver)).toEqual([
    ["timer c", ["t", 5, 1, 10], 5],
    ["timer a", ["t", 10, 1, 10], 10],
    ["timer b", ["t", 10, 1, 10], 10],
  ]);
});

test("a timer that was cleared does not fire; one set twice fires once; one for a time gone by fires at once [PRC-3]", () => {
  const driver = driverOf(timers);
  driver.pipe("in", [at(0, "a", 10), at(5, "a", -5), at(0, "b", 20), at(0, "b", 20), at(50, "x", 0), at(20, "c", 5)]);
  expect(sent(driver).map((each) => (each as unknown[])[0])).toEqual(["timer b", "timer c"]);
});

test("a timer that throws is a dead letter of its own and does not fire again [PRC-5]", () => {
  const driver = driverOf(({ stream }) =>
    stream<number>("in")
      .processValues({
        state: { fired: valueState<number>() },
        record(value, _key, context) {
          if (value > 0) context.timers.set(value);
          return [`record ${value} after ${context.state.fired.get() ?? 0}`];
        },
        timer(_timer, key, { state }) {
          state.fired.set(1);
          if (key === "bad") throw new Error("no");
          return ["timer"];
        },
      })
      .to("out"),
  );
  driver.pipe("in", [at(0, "bad", 5), at(0, "good", 5), at(6, "bad", 0), at(7, "bad", 0)]);
  expect(sent(driver).map((each) => (each as unknown[])[1])).toEqual([
    "record 5 after 0",
    "record 5 after 0",
    "timer",
    "record 0 after 0",
    "record 0 after 0",
  ]);
  expect(driver.deadLetters).toMatchObject([
    { key: "bad", value: { timer: "", dueMs: 5 }, error: "no", node: "processValues-1" },
  ]);
});

test("a timer that sets itself for a time that has come ends as a dead letter [PRC-5]", () => {
  const driver = driverOf(({ stream }) =>
    stream("in")
      .processValues({
        state: {},
        record: (_value, _key, context) => context.timers.set(0),
        timer: (_timer, _key, context) => context.timers.set(0),
      })
      .to("out"),
  );
  driver.pipe("in", at(1, "a"));
  expect(driver.deadLetters).toMatchObject([{ error: expect.stringContaining("came due 1001 times at once") }]);
});

test("a value is there for its time to live after it was written [PRC-4]", () => {
  const ttl = "10 ms";
  const driver = driverOf(({ stream }) =>
    stream<string>("in")
      .processValues({
        state: { v: valueState<number>({ ttl }), l: listState<number>({ ttl }), m: mapState<number>({ ttl }) },
        *record(command, _key, { state, timestampMs }) {
          if (command !== "look") {
            state.v.set(timestampMs);
            state.l.append(timestampMs);
            state.m.set(command, timestampMs);
          }
          yield [state.v.get() ?? null, state.l.get(), state.m.entries()];
        },
      })
      .to("out"),
  );
  driver.pipe("in", [at(0, "a", "x"), at(5, "a", "y"), at(9, "b", "look")]);
  driver.crash();
  driver.pipe("in", [at(10, "a", "look"), at(14, "a", "look"), at(15, "a", "look"), at(3, "a", "look")]);
  expect(driver.read("out").map(({ value }) => value)).toEqual([
    [0, [0], [["x", 0]]],
    [
      5,
      [0, 5],
      [
        ["x", 0],
        ["y", 5],
      ],
    ],
    [null, [], []],
    [5, [5], [["y", 5]]],
    [5, [5], [["y", 5]]],
    [null, [], []],
    [null, [], []],
  ]);
});

test("a row of the initial states counts when nothing has come for its key [PRC-6]", () => {
  const driver = driverOf(({ stream }) => {
    const balances = stream<number>("balances").toTable();
    stream<number>("in")
      .processValues(
        {
          state: { balance: valueState<number>() },
          record(amount, _key, { state }) {
            state.balance.set((state.balance.get() ?? 0) + amount);
            return [state.balance.get() ?? 0];
          },
          initial(balance: number, _key, { state }) {
            state.balance.set(balance);
          },
        },
        { initialState: balances },
      )
      .to("out");
  });
  driver.pipe("balances", at(0, "a", 100));
  driver.pipe("in", [at(1, "a", 1), at(1, "b", 1)]);
  driver.pipe("balances", [at(2, "b", 100), at(2, "a", 500)]);
  driver.pipe("in", [at(3, "a", 1), at(3, "b", 1)]);
  expect(sent(driver).map((each) => (each as unknown[])[1])).toEqual([101, 1, 102, 2]);
});

test("results have a key and a time of their own when they say so; what they cannot be is an error [PRC-1]", () => {
  const driver = driverOf(({ stream }) =>
    stream<number>("in")
      .process({
        state: {},
        record: (value) => (value < 0 ? ("text" as never) : [{ key: null, value, timestampMs: value }, { value }]),
      })
      .to("out"),
  );
  driver.pipe("in", [at(5, "a", 7), at(5, "a", -1), at(5, "a", 0.5), at(5, null, 1)]);
  expect(sent(driver)).toEqual([
    [null, 7, 7],
    ["a", 7, 5],
  ]);
  expect(driver.deadLetters.map(({ error }) => error)).toEqual([
    "process-1 returned string, not an array or another iterable",
    "process-1 sends a record of time 0.5; a time is whole milliseconds since 1970",
  ]);
  expect(driver.counters).toMatchObject({ droppedRecords: 1 });
});

test("state behind process goes by the new key; behind processValues it needs no internal topic [PRC-7]", () => {
  const driver = new TopologyTestDriver(
    pipeline("p", ({ stream }) =>
      stream<string>("in")
        .process({ state: {}, record: (value) => [{ key: value, value: 1 }] })
        .groupByKey()
        .count({ store: "counts" }),
    ),
    { partitions: 3 },
  );
  driver.pipe(
    "in",
    ["x", "y", "z"].map((key) => at(0, key, "same")),
  );
  expect(driver.store("counts").all()).toMatchObject([{ key: "same", value: 3 }]);
});

test("what is written before the clock has begun is there for its time to live after its record [PRC-4, ENG-20]", () => {
  const source = pipeline("p", ({ stream }) =>
    stream<number>("in")
      .selectKey(() => "all")
      .processValues({
        state: { count: valueState<number>({ ttl: "10 ms" }), values: listState<number>({ ttl: "10 ms" }) },
        *record(value, _key, { state, streamTimeMs }) {
          state.count.set((state.count.get() ?? 0) + 1);
          state.values.append(value);
          yield [state.count.get(), state.values.get(), Number.isFinite(streamTimeMs)];
        },
      })
      .to("out"),
  );
  const driver = new TopologyTestDriver(source, { partitions: 2 });
  // Nothing is heard of the second partition until it has a record of its own.
  driver.pipe("in", { ...at(100, "a", 1), partition: 0 });
  driver.pipe("in", { ...at(105, "a", 2), partition: 0 });
  driver.crash();
  driver.pipe("in", { ...at(105, "b", 3), partition: 1 });
  driver.pipe("in", { ...at(113, "b", 4), partition: 1 });
  driver.pipe("in", { ...at(113, "a", 5), partition: 0 });
  driver.pipe("in", { ...at(113, "a", 6), partition: 0 });
  expect(driver.read("out").map(({ value }) => value)).toEqual([
    [1, [1], false],
    [2, [1, 2], false],
    [3, [1, 2, 3], false],
    [4, [1, 2, 3, 4], true],
    [5, [1, 2, 3, 4, 5], true],
    [6, [2, 3, 4, 5, 6], true],
  ]);
});

test("a batch is the same processor [PRC-1]", () => {
  const driver = new TopologyTestDriver(pipeline("p", timers).trigger(every("1 second")));
  driver.pipe("in", [at(0, "a", 3), at(5, "b", 0)]);
  driver.runBatch();
  expect(sent(driver)).toEqual([["timer a", ["t", 3, 1, 5], 3]]);
});
