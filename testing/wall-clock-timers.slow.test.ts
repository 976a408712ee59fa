import fc from "fast-check";
import { expect, test } from "vitest";
import {
  deadLetter,
  every,
  fail,
  manual,
  onClose,
  pipeline,
  type Pipeline,
  retry,
  tumbling,
  valueState,
} from "../sdk/streams/index.ts";
import { cutPlan } from "../durable-objects/core/plan/cut.ts";
import { storesOf } from "../durable-objects/core/plan/stores.ts";
import { MemoryStateStore } from "../durable-objects/core/store/memory-state-store.ts";
import type { InputRecord, SliceResult } from "../durable-objects/core/task/task-port.ts";
import { Task } from "../durable-objects/core/task/task.ts";
import { MAX_WALL_TIMERS_AT_ONCE } from "../schema/limits.ts";
import { logged, unlogged } from "./logged.ts";
import { TopologyTestDriver } from "./topology-test-driver.ts";

const SECOND = 1_000;

function driverOf(subject: Pipeline, partitions = 1): TopologyTestDriver {
  return new TopologyTestDriver(subject, { nowMs: 0, partitions });
}

const values = (driver: TopologyTestDriver, topic = "out"): unknown[] => driver.read(topic).map(({ value }) => value);

/** A record's value says which timers it sets or clears: `+name@in` or `-name@in`, in ms from now, or at a time: `+name=at`. */
const commanded = pipeline("commanded", ({ stream }) =>
  stream<string>("in")
    .processValues({
      state: { fired: valueState<number>() },
      record(commands, _key, { wallClock }) {
        for (const command of commands.split(" ")) {
          const [, sign, name, how, ms] = /^([+-])(\w*)([@=])(-?\d+)$/.exec(command) ?? [];
          const dueMs = Number(ms) + (how === "@" ? wallClock.nowMs : 0);
          if (sign === "+") wallClock.set(dueMs, name);
          else wallClock.clear(dueMs, name);
        }
      },
      *wallClockTimer({ name, dueMs }, key, { state, wallClock }) {
        state.fired.set((state.fired.get() ?? 0) + 1);
        yield `${key} ${name}@${dueMs} at ${wallClock.nowMs}, ${state.fired.get()}`;
      },
    })
    .to("out"),
);

test("timers by the clock on the wall fire at their time though nothing comes, by (time, key) [PRC-8, DRV-10]", () => {
  const driver = driverOf(commanded);
  driver.advance("1 hour");
  driver.pipe("in", [
    { key: "b", value: "+x@2000 +y@1000", timestampMs: 5 },
    { key: "a", value: "+x@2000 +x@2000 +z@3000", timestampMs: 9 },
  ]);
  driver.advance("999 ms");
  expect(values(driver)).toEqual([]);
  driver.advance("1 ms");
  expect(driver.read("out")).toMatchObject([{ key: "b", value: "b y@3601000 at 3601000, 1", timestampMs: 9 }]);
  driver.crash();
  driver.advance("1 minute");
  expect(values(driver)).toEqual([
    "a x@3602000 at 3602000, 1",
    "b x@3602000 at 3602000, 2",
    "a z@3603000 at 3603000, 2",
  ]);
});

test("one that is cleared does not fire, and those of one time are told apart by their names [PRC-8]", () => {
  const driver = driverOf(commanded);
  driver.pipe("in", { key: "a", value: "+x=1000 +y=1000 +=1000" });
  driver.pipe("in", { key: "a", value: "-x=1000 -z=1000" });
  driver.pipe("in", { key: "b", value: "-y=1000" });
  driver.advance("1 second");
  expect(values(driver)).toEqual(["a @1000 at 1000, 1", "a y@1000 at 1000, 2"]);
});

test("one for a time that has come fires once, and so does one that sets itself for such a time [PRC-8]", () => {
  const driver = driverOf(commanded);
  driver.advance("10 seconds");
  driver.pipe("in", { key: "a", value: "+x@-5000" });
  driver.advance("1 second");
  expect(values(driver)).toEqual(["a x@5000 at 10001, 1"]);
  driver.advance("1 second");
  expect(values(driver)).toEqual([]);
  const restless = driverOf(
    pipeline("restless", ({ stream }) =>
      stream("in")
        .processValues({
          state: {},
          record: (_value, _key, { wallClock }) => wallClock.set(0),
          wallClockTimer(timer, _key, { wallClock }) {
            wallClock.set(timer.dueMs);
            return [wallClock.nowMs];
          },
        })
        .to("out"),
    ),
  );
  restless.pipe("in", { key: "a", value: 1 });
  restless.advance("3 ms");
  expect(values(restless)).toEqual([1, 2, 3]);
});

test("what a timer sets or clears for the tick at work: a cleared one does not fire, a new one waits [PRC-8]", () => {
  const driver = driverOf(
    pipeline("chained", ({ stream }) =>
      stream("in")
        .processValues({
          state: {},
          record(_value, _key, { wallClock }) {
            wallClock.set(1_000, "first");
            wallClock.set(1_000, "second");
          },
          wallClockTimer({ name }, _key, { wallClock }) {
            if (name === "first") {
              wallClock.clear(1_000, "second");
              wallClock.set(1_000, "third");
            }
            return [`${name} at ${wallClock.nowMs}`];
          },
        })
        .to("out"),
    ),
  );
  driver.pipe("in", { key: "a", value: 1 });
  driver.advance("1 minute");
  expect(values(driver)).toEqual(["first at 1000", "third at 1001"]);
});

/** Two operators, one behind the other, whose timers come due at the same times. */
const twice = pipeline("twice", ({ stream }) => {
  const timed = (name: string) =>
    ({
      state: {},
      record(value: unknown, _key: string, { wallClock }: { wallClock: { set(dueMs: number): void } }) {
        if (typeof value === "number") wallClock.set(value);
        return [value];
      },
      wallClockTimer: ({ dueMs }: { dueMs: number }, key: string) => [`${name} ${key} ${dueMs}`],
    }) as const;
  stream<unknown>("in").processValues(timed("front")).processValues(timed("back")).to("out");
});

test("over the operators of a task they fire by (time, operator, key) [PRC-8]", () => {
  const driver = driverOf(twice);
  driver.pipe("in", [
    { key: "b", value: 10 },
    { key: "a", value: 10 },
    { key: "a", value: 7 },
  ]);
  driver.advance("5 ms");
  values(driver);
  // The clock is looked at once: what came due meanwhile comes in order of time.
  driver.pipe("in", { key: "c", value: 7 });
  values(driver);
  driver.advance("5 ms");
  expect(values(driver)).toEqual([
    "front a 7",
    "front c 7",
    "back a 7",
    "back c 7",
    "front a 10",
    "front b 10",
    "back a 10",
    "back b 10",
  ]);
});

test("a timer that throws is a dead letter of its own and does not fire again; what it did is undone [PRC-8, PRC-5]", () => {
  const throwing = (policy: "deadLetter" | "fail"): Pipeline =>
    pipeline("throwing", ({ stream }) =>
      stream<number>("in")
        .processValues({
          state: { n: valueState<number>() },
          record: (value, _key, { wallClock }) => wallClock.set(value),
          wallClockTimer({ dueMs }, _key, { state }) {
            state.n.set((state.n.get() ?? 0) + 1);
            if (dueMs === 20) throw new Error("no");
            return [state.n.get() ?? 0];
          },
        })
        .to("out"),
    ).onError(policy === "fail" ? fail() : deadLetter());
  const driver = driverOf(throwing("deadLetter"));
  driver.pipe(
    "in",
    [10, 20, 30].map((value) => ({ key: "a", value })),
  );
  driver.advance("1 minute");
  expect(values(driver)).toEqual([1, 2]);
  expect(driver.deadLetters).toMatchObject([{ key: "a", value: { wallClockTimer: "", dueMs: 20 } }]);
  const failing = driverOf(throwing("fail"));
  failing.pipe(
    "in",
    [10, 20, 30].map((value) => ({ key: "a", value })),
  );
  failing.advance("1 minute");
  expect(values(failing)).toEqual([1]);
  expect(failing.failure).toContain("no");
});

test("a timer that fails is tried again as a record is, and given up with the same patience [PRC-8, ERR-3]", () => {
  let calls = 0;
  const retried = (succeedsAt: number): TopologyTestDriver =>
    driverOf(
      pipeline("retried", ({ stream }) =>
        stream<number>("in")
          .processValues({
            state: {},
            record: (value, _key, { wallClock }) => wallClock.set(value),
            wallClockTimer({ dueMs }) {
              if (dueMs === 10 && ++calls < succeedsAt) throw new Error("not yet");
              return [dueMs];
            },
          })
          .to("out"),
      ).onError(retry(3)),
    );
  for (const [succeedsAt, expected] of [
    [3, [10, 20]],
    [Infinity, [20]],
  ] as const) {
    calls = 0;
    const driver = retried(succeedsAt);
    driver.pipe("in", [
      { key: "a", value: 10 },
      { key: "a", value: 20 },
    ]);
    driver.advance("1 minute");
    expect(values(driver)).toEqual(expected);
    expect(driver.deadLetters).toHaveLength(2 - expected.length);
    expect(driver.failure).toBeUndefined();
  }
});

test("more than a transaction holds come due at once, and all fire [PRC-8]", () => {
  const most = MAX_WALL_TIMERS_AT_ONCE;
  const driver = driverOf(
    pipeline("many", ({ stream }) =>
      stream<number>("in")
        .processValues({
          state: {},
          record(count, _key, { wallClock }) {
            for (let n = 0; n < count; n++) wallClock.set(1_000, `${n}`);
          },
          wallClockTimer: (_timer, _key, { wallClock }) => [wallClock.nowMs],
        })
        .to("out"),
    ),
  );
  driver.pipe("in", { key: "a", value: most + 5 });
  driver.advance("1 minute");
  const at = values(driver);
  expect(at).toHaveLength(most + 5);
  expect(at.filter((ms) => ms === 1_000)).toHaveLength(most);
  expect(at.at(-1)).toBe(1_001);
});

test("without a function that they call there is no clock to look at [PRC-8]", () => {
  const driver = driverOf(
    pipeline("blind", ({ stream }) =>
      stream("in")
        .processValues({ state: {}, record: (_value, _key, { wallClock }) => [wallClock.nowMs] })
        .to("out"),
    ),
  );
  driver.pipe("in", { key: "a", value: 1 });
  expect(driver.deadLetters[0]?.error).toContain("give it a wallClockTimer");
});

test("in micro-batches a tick is one of its own; with a manual trigger they fire when the batch runs [PRC-8]", () => {
  const batched = driverOf(commanded.trigger(every("10 seconds")));
  batched.pipe("in", { key: "a", value: "+x@3000" });
  batched.advance("12 seconds");
  expect(values(batched)).toEqual([]);
  batched.advance("1 second");
  expect(values(batched)).toEqual(["a x@13000 at 13000, 1"]);
  const asked = driverOf(commanded.trigger(manual()));
  asked.pipe("in", { key: "a", value: "+x@3000" });
  asked.runBatch();
  asked.advance("1 minute");
  expect(values(asked)).toEqual([]);
  asked.runBatch();
  expect(values(asked)).toEqual(["a x@3000 at 60000, 1"]);
});

test("what timers send goes into windows behind an internal topic; a task that waits for one holds no other back [PRC-8, ENG-23]", () => {
  const subject = pipeline("behind", ({ stream }) =>
    stream<number>("in")
      .processValues({
        state: {},
        record: (value, _key, { wallClock }) => wallClock.set(wallClock.nowMs + value),
        wallClockTimer: ({ dueMs }) => [dueMs],
      })
      .selectKey(() => "all")
      .groupByKey()
      .windowedBy(tumbling({ size: "1 second", grace: "1 hour" }))
      .emit(onClose())
      .count()
      .toStream()
      .unwindow((count) => count)
      .to("out"),
  );
  const driver = driverOf(subject, 3);
  for (const key of ["a", "b", "c", "d", "e"]) driver.pipe("in", { key, value: 5 * SECOND });
  // One that is far off.
  driver.pipe("in", { key: "f", value: 1e9 });
  driver.advance("2 hours");
  expect(values(driver)).toEqual([5]);
});

const steps = fc.array(
  fc.oneof(
    fc.record({
      key: fc.constantFrom("a", "b", "c"),
      value: fc.constantFrom("+x@100", "+y@250 +x@0", "-x@50", "+=900"),
    }),
    fc.record({ advanceMs: fc.nat(400) }),
  ),
  { maxLength: 40 },
);

test("a crash between any two steps changes nothing [PRC-8, DRV-6]", () => {
  fc.assert(
    fc.property(steps, fc.boolean(), (given, batches) => {
      const [calm, crashing] = [0, 1].map((crash) => {
        const driver = driverOf(batches ? commanded.trigger(every("200 ms")) : commanded);
        for (const step of given) {
          if ("advanceMs" in step) driver.advance(step.advanceMs);
          else driver.pipe("in", step);
          if (crash === 1) driver.crash();
        }
        driver.advance("1 minute");
        return { sent: values(driver), counters: driver.counters };
      });
      expect(crashing).toEqual(calm);
    }),
    { numRuns: 100 },
  );
});

const NOT_CUT = { cut: false, crash: false };
const encoder = new TextEncoder();
const utf8 = (text: string): Uint8Array<ArrayBuffer> => encoder.encode(text);

/** What a task observes: records, and in between what its owner journaled of the clock. */
type Observed =
  | { readonly key: string; readonly value: string; readonly cut: boolean }
  | { readonly look: number }
  | { readonly tick: number };

/** One fold of it, the records in one piece or cut where they say; state, progress and outbox. */
function folded(observed: readonly Observed[], how: { readonly cut: boolean; readonly crash: boolean }): unknown {
  const [plan] = cutPlan(commanded.plan).tasks;
  if (plan === undefined) throw new Error("the pipeline has a task");
  const store = new MemoryStateStore();
  const outputs = { out: { partitions: 1 }, [plan.deadLetterTopic]: { partitions: 1 } };
  const task = new Task(plan, { store, topic: "in", partition: 0, outputs, cacheBytes: 1_000 });
  let progress: string | undefined;
  task.restore(progress);
  const sent: string[] = [];
  const took = (result: SliceResult): void => {
    for (const { body } of result.rows)
      for (const { value } of unlogged(body)) sent.push(new TextDecoder().decode(value ?? undefined));
    ({ progress } = result);
    if (how.crash) task.restore(progress);
  };
  let waiting: InputRecord[] = [];
  let offset = 0;
  let wallClockMs: number | undefined;
  const run = (): void => {
    if (waiting.length > 0) took(task.run(waiting, { nowMs: 0, wallClockMs }));
    waiting = [];
  };
  for (const each of observed) {
    if ("key" in each) {
      const record = { key: utf8(each.key), value: utf8(JSON.stringify(each.value)), timestampMs: offset, headers: [] };
      waiting.push(...logged([record], offset++));
      if (how.cut && each.cut) run();
    } else {
      run();
      if ("look" in each) wallClockMs = each.look;
      else took(task.tick({ nowMs: each.tick, offset }));
    }
  }
  run();
  const stores = plan.nodes.flatMap(storesOf).map(({ name, kind }) => {
    const rows = kind === "window" ? store.scanWindows(name, undefined, 1_000) : store.scan(name, undefined, 1_000);
    return [name, rows];
  });
  return { sent, stores, progress };
}

const observations = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        key: fc.constantFrom("a", "b"),
        value: fc.constantFrom("+x@100", "+y@250 +x@0", "-x@50", "+=900 -y=300", "+y=300"),
        cut: fc.boolean(),
      }),
    },
    { weight: 1, arbitrary: fc.record({ look: fc.nat(1_000) }) },
    { weight: 2, arbitrary: fc.record({ tick: fc.nat(1_000) }) },
  ),
  { maxLength: 30 },
);

test("given what was journaled of the clock, any slicing and any crash give the same, and the clock never goes back [PRC-9]", () => {
  fc.assert(
    fc.property(observations, fc.boolean(), (observed, crash) => {
      expect(folded(observed, { cut: true, crash })).toEqual(folded(observed, { cut: false, crash: false }));
    }),
    { numRuns: 200 },
  );
  expect(
    folded([{ tick: 500 }, { look: 100 }, { key: "a", value: "+x@0", cut: false }, { tick: 100 }], NOT_CUT),
  ).toMatchObject({
    sent: ['"a x@500 at 500, 1"'],
  });
});
