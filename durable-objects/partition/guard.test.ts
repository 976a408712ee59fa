import fc from "fast-check";
import { expect, test } from "vitest";
import type { Trying } from "../sqlite/task-table.ts";
import { announcement, guardAfter, guardFound, isGivenUp, kept, MAX_ATTEMPTS, sliceLimit } from "./guard.ts";

const SLICE = 500;

interface Course {
  readonly lives: number;
  /** Slices that came to their end, by their first record. */
  readonly slices: readonly (readonly [from: number, end: number])[];
  readonly givenUp: readonly number[];
  /** By record, lives that ended while it was alone and announced. */
  readonly alone: ReadonlyMap<number, number>;
}

interface World {
  readonly records: number;
  /** Those that end the object. */
  readonly endOn: ReadonlySet<number>;
  /** Asked at each point at which the object may end by chance. */
  readonly killed?: () => boolean;
}

/** What a task does with its log over as many lives as it takes: the disk is what outlives each of them. */
function course({ records, endOn, killed = () => false }: World): Course {
  const disk: { position: number; trying: Trying | undefined } = { position: 0, trying: undefined };
  const slices: [number, number][] = [];
  const givenUp: number[] = [];
  const alone = new Map<number, number>();
  const live = (): void => {
    let guard = guardFound(disk.trying, disk.position);
    while (disk.position < records) {
      const { position } = disk;
      const end = Math.min(records, position + Math.min(SLICE, sliceLimit(guard, position)));
      const announced = announcement(guard, { position, end, whole: false });
      disk.trying = announced ?? disk.trying;
      const ends = (): boolean => range(position, end).some((record) => endOn.has(record));
      if (killed() || (!isGivenUp(guard) && ends())) {
        if (announced !== undefined && end === position + 1) alone.set(position, (alone.get(position) ?? 0) + 1);
        return;
      }
      if (isGivenUp(guard)) givenUp.push(...range(position, end));
      const before = guard;
      guard = guardAfter(guard, end);
      disk.position = end;
      if (before.kind !== "none") disk.trying = kept(guard, end);
      slices.push([position, end]);
      if (killed()) return;
    }
  };
  let lives = 0;
  for (; disk.position < records; lives++) {
    if (lives > 100_000) throw new Error("it does not come to its end");
    live();
  }
  return { lives, slices, givenUp, alone };
}

function range(from: number, end: number): number[] {
  return Array.from({ length: end - from }, (_, at) => from + at);
}

/** Yes as often as it says, spread by the numbers. */
function kills(at: readonly number[]): () => boolean {
  let asked = 0;
  const when = new Set(at);
  return () => when.has(asked++);
}

test("whatever ends the object and when, each record comes once, and only what three lives ended on alone is given up [ENG-4]", () => {
  const world = fc.record({
    records: fc.integer({ min: 1, max: 1_200 }),
    bad: fc.uniqueArray(fc.nat(1_199), { maxLength: 6 }),
    killedAt: fc.uniqueArray(fc.nat(60), { maxLength: 30 }),
  });
  fc.assert(
    fc.property(world, ({ records, bad, killedAt }) => {
      const endOn = new Set(bad.filter((each) => each < records));
      const { slices, givenUp, alone } = course({ records, endOn, killed: kills(killedAt) });
      expect(slices.flatMap(([from, end]) => range(from, end))).toEqual(range(0, records));
      for (const each of givenUp) expect(alone.get(each)).toBeGreaterThanOrEqual(MAX_ATTEMPTS);
      for (const each of endOn) expect(givenUp).toContain(each);
    }),
    { numRuns: 300 },
  );
});

test("kills by chance alone give up nothing, as long as fewer than three meet one record alone [ENG-4]", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(200), { maxLength: 100 }), fc.integer({ min: 2, max: 900 }), (at, records) => {
      const { givenUp, alone } = course({ records, endOn: new Set(), killed: kills(at) });
      expect(givenUp).toEqual([...alone].filter(([, ends]) => ends >= MAX_ATTEMPTS).map(([record]) => record));
    }),
  );
});

test("one kill in the first slice costs one slice more, not one for each record [ENG-4]", () => {
  const { lives, slices } = course({ records: SLICE, endOn: new Set(), killed: kills([0]) });
  expect(lives).toBe(2);
  expect(slices).toEqual([
    [0, 250],
    [250, 500],
  ]);
});

test("a record that ends the object is alone after few lives, wherever it lies; many of them cost three each [ENG-4]", () => {
  const lives = range(0, SLICE).map((bad) => course({ records: SLICE, endOn: new Set([bad]) }).lives);
  expect(Math.max(...lives)).toBeLessThanOrEqual(20);
  const many = range(0, 50);
  expect(course({ records: SLICE, endOn: new Set(many) }).lives).toBeLessThan(3 * many.length + 20);
});

test("rows from before sizes were written are taken up [ENG-4]", () => {
  const old = { until: 500, size: undefined };
  expect(guardFound({ ...old, position: 0, single: 0 }, 0)).toEqual({
    kind: "careful",
    until: 500,
    size: 250,
    attempts: 0,
  });
  expect(guardFound({ ...old, position: 7, single: 2 }, 7)).toEqual({
    kind: "careful",
    until: 500,
    size: 1,
    attempts: 2,
  });
  expect(guardFound({ ...old, position: 500, single: 0 }, 500)).toEqual({ kind: "first" });
});

test("what cannot be cut counts as one record, however long it is [MIB-10]", () => {
  let trying: Trying | undefined;
  for (let life = 1; life <= MAX_ATTEMPTS; life++) {
    const guard = guardFound(trying, 10);
    expect(isGivenUp(guard)).toBe(false);
    trying = announcement(guard, { position: 10, end: 300, whole: true });
    expect(trying).toEqual({ position: 10, until: 300, size: 1, single: life });
  }
  expect(isGivenUp(guardFound(trying, 10))).toBe(true);
});
