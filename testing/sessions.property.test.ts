import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type EmitStrategy,
  every,
  onClose,
  onUpdate,
  pipeline,
  type Pipeline,
  session,
  type SessionWindowsOf,
} from "../sdk/streams/index.ts";
import { driven, type Given, show, shown } from "./test/windowed-run.ts";
import { TopologyTestDriver } from "./topology-test-driver.ts";

interface Visit {
  readonly text: string;
  readonly gap: number;
}

function visits(windows: SessionWindowsOf<Visit>, strategy: EmitStrategy = onUpdate()): Pipeline {
  return pipeline("visits", ({ stream }) => {
    const table = stream<Visit>("in")
      .groupByKey()
      .windowedBy(windows)
      .emit(strategy)
      .aggregate(
        () => "",
        (text, visit) => text + visit.text,
        (earlier, later) => `${earlier}${later}`,
        { store: "visits" },
      );
    table.to("out");
    table.late().to("late");
  });
}

const GAP = 5;
const fixed = (grace: number): SessionWindowsOf<Visit> => session({ gap: GAP, grace });
const own = (grace: number): SessionWindowsOf<Visit> => session({ gap: ({ gap }: Visit) => gap, maxGap: 9, grace });

type Clicks = readonly (readonly [key: string, visit: Visit, timestampMs: number])[];
const clicks: fc.Arbitrary<Clicks> = fc.array(
  fc.tuple(
    fc.constantFrom("a", "b"),
    fc.record({ text: fc.constantFrom("x", "y", "z"), gap: fc.integer({ min: 1, max: 9 }) }),
    fc.nat(60),
  ),
  { maxLength: 40 },
);

interface Session {
  readonly key: string;
  readonly start: number;
  readonly end: number;
  readonly reach: number;
  readonly text: string;
}

function line({ key, start, end, text }: Session): string {
  return `${key}@${start}-${end} ${text} (${end})`;
}

/** The rules on a list of sessions. */
class Model {
  readonly out: string[] = [];
  readonly finals: string[] = [];
  readonly late: string[] = [];
  sessions: Session[] = [];
  readonly #grace: number;
  readonly #sent = new Set<Session>();
  #streamTime = -Infinity;

  constructor(grace: number) {
    this.#grace = grace;
  }

  take(key: string, time: number, { text, gap }: { text: string; gap: number }): void {
    this.#streamTime = Math.max(this.#streamTime, time);
    const touched = this.sessions
      .filter((each) => each.key === key && each.reach >= time && each.start <= time + gap)
      .toSorted((a, b) => a.start - b.start);
    const merged: Session = {
      key,
      start: Math.min(time, ...touched.map((each) => each.start)),
      end: Math.max(time, ...touched.map((each) => each.end)),
      reach: Math.max(time + gap, ...touched.map((each) => each.reach)),
      text: `${touched.map((each) => each.text).join("")}${text}`,
    };
    if (merged.reach < this.#streamTime - this.#grace) this.late.push(`${key} ${text} (${time})`);
    else {
      if (merged.start !== merged.end)
        for (const each of touched) this.out.push(`${key}@${each.start}-${each.end} null (${each.end})`);
      this.out.push(line(merged));
      this.sessions = [...this.sessions.filter((each) => !touched.includes(each)), merged];
    }
    this.#close();
  }

  #close(): void {
    const closed = this.sessions.filter((each) => !this.#sent.has(each) && each.reach < this.#streamTime - this.#grace);
    const order = closed.toSorted(
      (a, b) => a.reach - b.reach || a.end - b.end || a.start - b.start || (a.key < b.key ? -1 : 1),
    );
    for (const each of order) {
      this.#sent.add(each);
      this.finals.push(line(each));
    }
  }
}

function modelOf(given: Clicks, grace: number, gapOf: (visit: Visit) => number): Model {
  const model = new Model(grace);
  for (const [key, visit, time] of given) model.take(key, time, { text: visit.text, gap: gapOf(visit) });
  return model;
}

const running = fc.record({
  slice: fc.integer({ min: 1, max: 6 }),
  crash: fc.boolean(),
  grace: fc.nat(20),
  /** Of each record its own gap. */
  each: fc.boolean(),
  batches: fc.boolean(),
});

test("updates, withdrawals and late records are those of the rules on a list [WIN-12, WIN-13, WIN-11]", () => {
  fc.assert(
    fc.property(clicks, running, (given, { grace, ...how }) => {
      const driver = driven(visits(fixed(grace)), given, how);
      const model = modelOf(given, grace, () => GAP);
      expect(shown(driver)).toEqual(model.out);
      const late = driver.read<Visit>("late").map(({ value, ...record }) => show({ ...record, value: value.text }));
      expect(late).toEqual(model.late);
      expect(driver.counters.lateRecords).toBe(model.late.length);
    }),
  );
});

test("with a gap of each record too [WIN-15]", () => {
  fc.assert(
    fc.property(clicks, running, (given, { grace, ...how }) => {
      expect(shown(driven(visits(own(grace)), given, how))).toEqual(modelOf(given, grace, ({ gap }) => gap).out);
    }),
  );
});

test("each session comes once when it has closed [WIN-14, WIN-15]", () => {
  fc.assert(
    fc.property(clicks, running, (given, { grace, each, ...how }) => {
      const windows = each ? own(grace) : fixed(grace);
      const model = modelOf(given, grace, ({ gap }) => (each ? gap : GAP));
      expect(shown(driven(visits(windows, onClose()), given, how))).toEqual(model.finals);
    }),
  );
});

test("in micro-batches, sessions that closed come at the end of the batch, and none is left out [WIN-14]", () => {
  fc.assert(
    fc.property(clicks, running, (given, how) => {
      // Enough grace that no session is joined after it has closed: when it comes is then all that can differ.
      const subject = visits(fixed(2 * GAP), onClose()).trigger(every("1 second"));
      const perEvent = shown(driven(visits(fixed(2 * GAP), onClose()), given));
      const batches = shown(driven(subject, given, how));
      expect(batches.filter((each) => !perEvent.includes(each))).toEqual([]);
    }),
  );
});

function sessionsOf(times: readonly number[], gapAt: (index: number) => number): [number, number][] {
  const order = times.map((time, index) => ({ time, reach: time + gapAt(index) })).toSorted((a, b) => a.time - b.time);
  const sessions: { start: number; end: number; reach: number }[] = [];
  for (const { time, reach } of order) {
    const last = sessions.at(-1);
    if (last !== undefined && time <= last.reach)
      Object.assign(last, { end: time, reach: Math.max(last.reach, reach) });
    else sessions.push({ start: time, end: time, reach });
  }
  return sessions.map(({ start, end }) => [start, end]);
}

test("within grace the order of the records does not matter: sessions are runs of the sorted times [WIN-12, WIN-15]", () => {
  fc.assert(
    fc.property(clicks, running, (given, { each, ...how }) => {
      const driver = driven(visits(each ? own(1_000) : fixed(1_000)), given, how);
      for (const key of ["a", "b"]) {
        const of = given.filter(([name]) => name === key);
        const expected = sessionsOf(
          of.map(([, , time]) => time),
          (index) => (each ? (of[index]?.[1].gap ?? 0) : GAP),
        );
        const windows = driver.store<string>("visits").windows(key);
        expect(windows.map(({ start, end }) => [start, end])).toEqual(expected);
        expect(windows.map(({ value }) => value.length).reduce((sum, count) => sum + count, 0)).toBe(of.length);
        expect(windows.every(({ end, timestampMs }) => end === timestampMs)).toBe(true);
      }
    }),
  );
});

test("what the updates leave, per event and in micro-batches, is what the store holds [WIN-13]", () => {
  fc.assert(
    fc.property(clicks, running, (given, { grace, batches, ...how }) => {
      const subject = visits(fixed(grace));
      const driver = driven(batches ? subject.trigger(every("1 second")) : subject, given, how);
      const table = new Map<string, string>();
      for (const { key, value } of driver.read<string | null>("out")) {
        const name = JSON.stringify(key);
        if (value === null) expect(table.delete(name)).toBe(true);
        else table.set(name, value);
      }
      const stored = driver.store<string>("visits").all();
      expect(table).toEqual(
        new Map(stored.map(({ key, start, end, value }) => [JSON.stringify({ key, start, end }), value])),
      );
    }),
  );
});

test("a gap that cannot be is an error of its record [WIN-15]", () => {
  const given = [0, 1.5, 10, 9].map((gap, time): Given => ["a", { text: "x", gap }, time]);
  const driver = driven(visits(own(0)), given);
  expect(driver.deadLetters.map(({ error }) => error)).toEqual([
    "aggregate-1 got a gap of 0 ms; a gap is 1 to 9 whole ms, its maxGap",
    expect.stringContaining("1.5 is not a duration"),
    "aggregate-1 got a gap of 10 ms; a gap is 1 to 9 whole ms, its maxGap",
  ]);
  expect(shown(driver)).toEqual(["a@3-3 x (3)"]);
});

test("sessions go when stream time has passed their end by the retention, wherever a slice ends [WIN-19]", () => {
  const kept = pipeline("kept", ({ stream }) =>
    stream("in")
      .groupByKey()
      .windowedBy(session({ gap: 5, grace: 0 }))
      .count({ store: "visits", retention: 20 }),
  );
  const starts = (times: readonly number[], slice: number): unknown =>
    driven(
      kept,
      times.map((time): Given => [time === times.at(-1) ? "b" : "a", 1, time]),
      { slice, crash: true },
    )
      .store("visits")
      .windows("a")
      .map(({ start }) => start);
  for (const slice of [1, 10]) {
    expect(starts([0, 10, 20], slice)).toEqual([0, 10]);
    expect(starts([0, 10, 21], slice)).toEqual([10]);
    expect(starts([0, 4, 8, 21], slice)).toEqual([0]);
  }
});

test("a session that an aggregator removes is gone, and the next record begins anew [WIN-13, AGG-5]", () => {
  const driver = driven(
    pipeline("removed", ({ stream }) =>
      stream<number>("in")
        .groupByKey()
        .windowedBy(session({ gap: 5, grace: 0 }))
        .reduce((sum, value) => (value < 0 ? (null as unknown as number) : sum + value), { store: "sums" })
        .to("out"),
    ),
    [
      ["a", 1, 0],
      ["a", -1, 1],
      ["a", 3, 2],
    ],
  );
  expect(shown(driver)).toEqual(["a@0-0 1 (0)", "a@0-0 null (0)", "a@0-1 null (1)", "a@2-2 3 (2)"]);
  expect(driver.store("sums").all()).toMatchObject([{ start: 2, end: 2, value: 3 }]);
});

test("a null key is dropped and moves no clock; a null value counts [WIN-12]", () => {
  const driver = driven(
    pipeline("counts", ({ stream }) =>
      stream("in")
        .groupByKey()
        .windowedBy(session({ gap: 5, grace: 0 }))
        .count()
        .to("out"),
    ),
    [
      [null, 1, 1_000],
      ["a", null, 5],
      ["a", 1, 8],
    ],
  );
  expect(shown(driver)).toEqual(["a@5-5 1 (5)", "a@5-5 null (5)", "a@5-8 2 (8)"]);
  expect(driver.counters).toMatchObject({ droppedRecords: 1, lateRecords: 0 });
});

test("streams of several topics share the sessions of a cogroup [WIN-12]", () => {
  const driver = new TopologyTestDriver(
    pipeline("activity", ({ stream }) =>
      stream<string>("in")
        .groupByKey()
        .cogroup((text: string, value: string) => text + value)
        .cogroup(stream<number>("other").groupByKey(), (text, value) => `${text}${value}`)
        .windowedBy(session({ gap: 5, grace: 10 }))
        .emit(onClose())
        .aggregate(
          () => "",
          (earlier, later) => earlier + later,
        )
        .to("out"),
    ),
  );
  driver.pipe("in", { key: "a", value: "x", timestampMs: 0 });
  driver.pipe("other", { key: "a", value: 1, timestampMs: 9 });
  driver.pipe("in", { key: "a", value: "y", timestampMs: 5 });
  driver.pipe("other", { key: "a", value: 2, timestampMs: 60 });
  driver.pipe("in", { key: "a", value: "z", timestampMs: 60 });
  expect(shown(driver)).toEqual(["a@0-9 x1y (9)"]);
});
