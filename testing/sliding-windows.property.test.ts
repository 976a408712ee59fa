import fc from "fast-check";
import { expect, test } from "vitest";
import { type EmitStrategy, every, onClose, onUpdate, pipeline, type Pipeline, sliding } from "../sdk/streams/index.ts";
import { driven, type Given, show, shown } from "./test/windowed-run.ts";

const DIFFERENCE = 5;

/** Letters of a window in their order in the alphabet: the same whatever the order of the records. */
function letters(grace: number, strategy: EmitStrategy = onUpdate()): Pipeline {
  return pipeline("letters", ({ stream }) => {
    const table = stream<string>("in")
      .groupByKey()
      .windowedBy(sliding({ difference: DIFFERENCE, grace }))
      .emit(strategy)
      .aggregate(
        () => "",
        (text, letter) => (text + letter).split("").toSorted().join(""),
        { store: "letters" },
      );
    table.to("out");
    table.late().to("late");
  });
}

type Letters = readonly (readonly [key: string, letter: string, timestampMs: number])[];
const given: fc.Arbitrary<Letters> = fc.array(
  fc.tuple(fc.constantFrom("a", "b"), fc.constantFrom("x", "y", "z"), fc.nat(40)),
  { maxLength: 30 },
);
const running = fc.record({ slice: fc.integer({ min: 1, max: 6 }), crash: fc.boolean() });

/** All windows of a key by the definition, from the list of its records. */
function windowsOf(key: string, records: Letters): string[] {
  const of = records.filter(([name]) => name === key);
  const holding = (start: number): Letters => of.filter(([, , time]) => time >= start && time <= start + DIFFERENCE);
  const starts = new Set<number>();
  for (const [, , time] of of) {
    starts.add(Math.max(0, time - DIFFERENCE));
    if (holding(time + 1).length > 0) starts.add(time + 1);
  }
  return [...starts]
    .toSorted((a, b) => a - b)
    .map((start) => {
      const held = holding(start);
      const value = held
        .map(([, letter]) => letter)
        .toSorted()
        .join("");
      return show({
        key: { key, start, end: start + DIFFERENCE },
        value,
        timestampMs: Math.max(...held.map(([, , time]) => time)),
      });
    });
}

test("within grace the windows are those of the definition, in any order of the records [WIN-16]", () => {
  fc.assert(
    fc.property(given, running, fc.boolean(), (records, how, batches) => {
      const subject = letters(1_000);
      const driver = driven(batches ? subject.trigger(every("1 second")) : subject, records, how);
      for (const key of ["a", "b"]) {
        const windows = driver.store<string>("letters").windows(key);
        const lines = windows.map(({ start = 0, end = 0, value, timestampMs }) =>
          show({ key: { key, start, end }, value, timestampMs }),
        );
        expect(lines).toEqual(windowsOf(key, records));
      }
    }),
  );
});

test("any slicing, with crashes, gives the same updates, which leave what the store holds [WIN-16, WIN-17]", () => {
  fc.assert(
    fc.property(given, fc.nat(12), running, (records, grace, how) => {
      const whole = driven(letters(grace), records);
      const driver = driven(letters(grace), records, how);
      const updates = shown(driver);
      expect(updates).toEqual(shown(whole));
      expect(driver.counters).toEqual(whole.counters);
      const last = new Map(updates.map((line) => [line.replace(/ .*/, ""), line]));
      const stored = driver.store<string>("letters").all();
      expect([...last.values()].toSorted()).toEqual(
        stored
          .map(({ key, start = 0, end = 0, value, timestampMs }) =>
            show({ key: { key, start, end }, value, timestampMs }),
          )
          .toSorted(),
      );
    }),
  );
});

test("a window that has closed comes once and is not changed after, by start and key [WIN-18]", () => {
  fc.assert(
    fc.property(given, fc.nat(12), running, (records, grace, how) => {
      const driver = driven(letters(grace, onClose()), records, how);
      const finals = driver.read<string>("out");
      const streamTime = Math.max(0, ...records.map(([, , time]) => time));
      const closed = driver
        .store<string>("letters")
        .all()
        .filter(({ end = 0 }) => end < streamTime - grace);
      const places = closed.map(({ key, start = 0, end = 0, value, timestampMs }) =>
        show({ key: { key, start, end }, value, timestampMs }),
      );
      expect(finals.map(show).toSorted()).toEqual(places.toSorted());
      expect(shown(driven(letters(grace, onClose()), records))).toEqual(finals.map(show));
    }),
  );
});

test("with enough grace what closes are all windows of the definition [WIN-18]", () => {
  fc.assert(
    fc.property(given, running, fc.boolean(), (records, how, batches) => {
      const subject = letters(100, onClose());
      const all: Given[] = [...records, ["c", "x", 1_000]];
      const driver = driven(batches ? subject.trigger(every("1 second")) : subject, all, how);
      const expected = [...windowsOf("a", records), ...windowsOf("b", records)];
      expect(shown(driver).toSorted()).toEqual(expected.toSorted());
    }),
  );
});

test("records whose windows have all closed are late; one that some windows take is counted only [WIN-17, WIN-11]", () => {
  const driver = driven(letters(0), [
    ["a", "x", 20],
    ["a", "y", 15],
    ["a", "z", 14],
    ["b", "x", 16],
  ]);
  expect(shown(driver)).toEqual(["a@15-20 x (20)", "a@15-20 xy (20)", "a@16-21 x (20)"]);
  expect(driver.counters).toMatchObject({ lateRecords: 3 });
  expect(driver.read("late")).toMatchObject([
    { key: "a", value: "z", headers: { "millrace.window-start": "9", "millrace.window-end": "14" } },
    { key: "b", value: "x" },
  ]);
});

test("a null key and a null value are dropped and move no clock [WIN-16]", () => {
  const driver = driven(letters(0), [
    [null, "x", 1_000],
    ["a", null, 1_000],
    ["a", "x", 1],
  ]);
  expect(shown(driver)).toEqual(["a@0-5 x (1)"]);
  expect(driver.counters).toMatchObject({ droppedRecords: 2, lateRecords: 0 });
});

test("windows go when stream time has passed their start by the retention [WIN-19]", () => {
  const kept = (last: number): unknown =>
    driven(
      pipeline("kept", ({ stream }) =>
        stream("in")
          .groupByKey()
          .windowedBy(sliding({ difference: 5, grace: 0 }))
          .count({ store: "windows", retention: 20 }),
      ),
      [
        ["a", 1, 5],
        ["a", 1, 8],
        ["b", 1, last],
      ],
      { slice: 1, crash: true },
    )
      .store("windows")
      .windows("a")
      .map(({ start }) => start ?? 0);
  expect(kept(19)).toEqual([0, 3, 6]);
  expect(kept(20)).toEqual([3, 6]);
  expect(kept(23)).toEqual([6]);
});
