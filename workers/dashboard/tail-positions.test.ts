import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KEPT, TailPositions } from "./tail-positions.js";

function extents(ends: readonly number[], starts: readonly number[] = []) {
  return ends.map((logEndOffset, partition) => ({ partition, logStartOffset: starts[partition] ?? 0, logEndOffset }));
}

describe("a tail [UI-5]", () => {
  test("begins with the latest records, shared among partitions, and not before the log does", () => {
    const positions = new TailPositions(extents([1_000, 10, 500, 0], [0, 0, 490, 0]));
    const taken = [positions.take(), positions.take(), positions.take(), positions.take()];
    expect(taken).toEqual([
      { partition: 0, offset: 1_000 - KEPT / 4, behind: true },
      { partition: 1, offset: 0, behind: true },
      { partition: 2, offset: 490, behind: true },
      { partition: 3, offset: 0, behind: false },
    ]);
    expect(positions.take()).toBeUndefined();
  });

  test("reads a partition with records before one whose turn it is", () => {
    const positions = new TailPositions(extents([0, 0, 0]));
    expect(positions.take()?.partition).toBe(0);
    positions.see(extents([0, 0, 3]));
    expect(positions.take()).toEqual({ partition: 2, offset: 0, behind: true });
    positions.done(0, { nextOffset: 0, logEndOffset: 0 });
    expect(positions.take()?.partition).toBe(1);
    expect(positions.take()?.partition).toBe(0);
  });

  test("reads again what was not answered", () => {
    const positions = new TailPositions(extents([5]));
    positions.take();
    positions.done(0);
    expect(positions.take()).toEqual({ partition: 0, offset: 0, behind: true });
  });

  test("jumps to the latest when it is more than 1000 behind, and counts what it leaves out", () => {
    const positions = new TailPositions(extents([0]));
    positions.take();
    positions.done(0, { nextOffset: 200, logEndOffset: 1_200 });
    expect(positions.skipped).toBe(0);
    positions.take();
    positions.done(0, { nextOffset: 400, logEndOffset: 5_000 });
    expect(positions.skipped).toBe(5_000 - KEPT - 400);
    expect(positions.take()).toEqual({ partition: 0, offset: 5_000 - KEPT, behind: true });
  });

  test("gives every record once, in order, when it keeps up; none of 5 partitions starves", () => {
    const step = fc.record({ partition: fc.nat(4), records: fc.nat(20) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 7 }), (steps, maxRecords) => {
        const ends = [0, 0, 0, 0, 0];
        const read = ends.map((): number[] => []);
        const positions = new TailPositions(extents(ends));
        const readOnce = () => {
          const taken = positions.take();
          if (taken === undefined) throw new Error("nothing to read");
          const { partition, offset } = taken;
          const end = ends[partition] ?? 0;
          const next = Math.min(end, offset + maxRecords);
          for (let each = offset; each < next; each++) read[partition]?.push(each);
          positions.done(partition, { nextOffset: next, logEndOffset: end });
        };
        for (const { partition, records } of steps) {
          ends[partition] = (ends[partition] ?? 0) + records;
          readOnce();
        }
        const rest = Math.ceil(ends.reduce((sum, end) => sum + end, 0) / maxRecords) + 2 * ends.length;
        for (let round = 0; round < rest; round++) readOnce();
        expect(read).toEqual(ends.map((end) => Array.from({ length: end }, (_, offset) => offset)));
      }),
    );
  });
});
