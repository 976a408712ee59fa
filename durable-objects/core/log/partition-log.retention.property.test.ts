import fc from "fast-check";
import { expect, test } from "vitest";
import { basesOf, batchOf, given, NO_LIMIT, plain } from "../../test/log-of-times.ts";
import { PartitionLog } from "./partition-log.ts";

/** Out of order as often as not. */
const batchesOfTimes = fc.array(fc.array(fc.nat(60), { minLength: 1, maxLength: 4 }), { maxLength: 14 });

test("the offset for a time agrees with a scan of all records, in any order of times [LOG-7]", () => {
  fc.assert(
    fc.property(batchesOfTimes, fc.nat(14), fc.nat(70), (batches, trimmed, timestampMs) => {
      const { log } = given(batches, trimmed);
      const all = [...log.records(log.logStartOffset, NO_LIMIT, plain)];
      const expected = all.find((record) => record.timestampMs >= timestampMs)?.offset ?? log.logEndOffset;
      expect(log.offsetForTimestamp(timestampMs, plain)).toBe(expected);
    }),
    { numRuns: 500 },
  );
});

test("what is retained agrees with a naive model for any bounds [LOG-8]", () => {
  const bounds = fc.record({ keepFromMs: fc.nat(70), averages: fc.integer({ min: -1, max: 14 }), floor: fc.nat(56) });
  fc.assert(
    fc.property(batchesOfTimes, fc.nat(14), bounds, (batches, trimmed, { keepFromMs, averages, floor: wanted }) => {
      const { log } = given(batches, trimmed);
      const floor = Math.min(wanted, log.logEndOffset);
      const maxBytes = averages < 0 ? -1 : averages * 75;
      const expected = naive(batches, { trimmed, keepFromMs, maxBytes, floor });
      expect(log.retainedFrom({ keepFromMs, maxBytes, floor })).toBe(expected);
    }),
    { numRuns: 500 },
  );
});

/** Drops batch after batch from the front while a bound says so and no task needs it. */
function naive(
  batches: readonly (readonly number[])[],
  bounds: { trimmed: number; keepFromMs: number; maxBytes: number; floor: number },
): number {
  const sizes = batches.map((timestamps) => batchOf(timestamps).length);
  const bases = basesOf(batches);
  const end = batches.flat().length;
  let first = Math.min(bounds.trimmed, batches.length);
  for (; first < batches.length; first++) {
    const newest = Math.max(...batches.slice(0, first + 1).flat());
    const bytes = sizes.slice(first).reduce((sum, size) => sum + size, 0);
    const tooOld = bounds.keepFromMs > 0 && newest < bounds.keepFromMs;
    const tooMuch = bounds.maxBytes >= 0 && bytes > bounds.maxBytes;
    const needed = (bases[first + 1] ?? end) > bounds.floor;
    if (needed || !(tooOld || tooMuch)) break;
  }
  return bases[first] ?? end;
}

test("a trim changes nothing about what stays, whatever the slices, and a log opened again is the same [LOG-1, LOG-15]", () => {
  fc.assert(
    fc.property(batchesOfTimes, fc.nat(56), fc.integer({ min: 1, max: 5 }), (batches, to, limit) => {
      const { log, store } = given(batches);
      const { logEndOffset } = log;
      const offset = Math.min(to, logEndOffset);
      const kept = [...log.records(offset, NO_LIMIT, plain)];
      const times = [0, 20, 40].map((ms) => kept.find(({ timestampMs }) => timestampMs >= ms)?.offset ?? logEndOffset);
      log.trim(offset);
      const look = (of: PartitionLog): void => {
        expect(of).toMatchObject({ logStartOffset: offset, logEndOffset, bytes: log.bytes });
        expect([...of.records(offset, NO_LIMIT, plain)]).toEqual(kept);
        expect([0, 20, 40].map((ms) => of.offsetForTimestamp(ms, plain))).toEqual(times);
      };
      do {
        look(log);
        look(new PartitionLog(store, offset));
      } while (!log.sweep(limit));
      look(log);
      const again = new PartitionLog(store, offset);
      const { bytes } = again;
      expect(again.lastTimestamp).toBe(log.lastTimestamp);
      expect(again.append(batchOf([1, 2]))).toMatchObject({ baseOffset: logEndOffset });
      expect(again.bytes).toBe(bytes + batchOf([1, 2]).length);
    }),
  );
});
