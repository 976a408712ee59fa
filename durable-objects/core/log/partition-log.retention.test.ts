import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Bytes } from "../../../schema/record.ts";
import { encodeBatch } from "../../../schema/record-batch/encode.ts";
import { MemoryLogStore } from "./memory-log-store.ts";
import { PartitionLog, type ReadLimits } from "./partition-log.ts";

const NO_LIMIT: ReadLimits = { maxBytes: Number.POSITIVE_INFINITY, maxRecords: Number.POSITIVE_INFINITY };
const plain = (): never => expect.fail("not compressed");

interface Given {
  readonly log: PartitionLog;
  readonly store: MemoryLogStore;
}

/** One batch for each list of times, the first `trimmed` of them removed. */
function given(batches: readonly (readonly number[])[], trimmed = 0): Given {
  const store = new MemoryLogStore();
  const log = new PartitionLog(store, 0);
  for (const timestamps of batches) log.append(batchOf(timestamps));
  log.trim(basesOf(batches)[trimmed] ?? log.logEndOffset);
  log.sweep(batches.length + 1);
  return { log, store };
}

function batchOf(timestamps: readonly number[]): Bytes {
  return encodeBatch(timestamps.map((timestampMs) => ({ key: null, value: "v", timestampMs, headers: [] })));
}

function basesOf(batches: readonly (readonly number[])[]): number[] {
  let end = 0;
  return batches.map(({ length }) => (end += length) - length);
}

/** Out of order as often as not. */
const batchesOfTimes = fc.array(fc.array(fc.nat(60), { minLength: 1, maxLength: 4 }), { maxLength: 14 });

describe("offsetForTimestamp", () => {
  test("is the first record with that time or a later one, else the end [LOG-7]", () => {
    const { log } = given([[10, 12], [20], [30, 25, 40]]);
    const found = [0, 10, 11, 13, 20, 21, 26, 30, 31, 40].map((timestampMs) =>
      log.offsetForTimestamp(timestampMs, plain),
    );
    expect(found).toEqual([0, 0, 1, 2, 2, 3, 3, 3, 5, 5]);
    expect(log.offsetForTimestamp(41, plain)).toBe(6);
    expect(given([]).log.offsetForTimestamp(0, plain)).toBe(0);
  });

  test("does not take the time of a batch that was removed for that of one behind it [LOG-7]", () => {
    const { log } = given([[100], [5], [7], [50]], 1);
    expect(log.offsetForTimestamp(6, plain)).toBe(2);
    expect(log.offsetForTimestamp(8, plain)).toBe(3);
    expect(log.offsetForTimestamp(60, plain)).toBe(4);
  });

  test("agrees with a scan of all records, in any order of times [LOG-7]", () => {
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
});

describe("retainedFrom", () => {
  const everything = { keepFromMs: 0, maxBytes: -1, floor: Number.MAX_SAFE_INTEGER };

  test("keeps everything without a bound [LOG-8]", () => {
    expect(given([[1], [2]]).log.retainedFrom(everything)).toBe(0);
    expect(given([[1], [2], [3]], 1).log.retainedFrom(everything)).toBe(1);
    expect(given([]).log.retainedFrom({ keepFromMs: 5, maxBytes: 0, floor: 0 })).toBe(0);
  });

  test("keeps a batch while any record up to its end is young enough [LOG-8]", () => {
    const { log } = given([[10], [20, 5], [7], [30]]);
    const from = (keepFromMs: number): number => log.retainedFrom({ ...everything, keepFromMs });
    expect([10, 11, 20, 21, 30, 31].map(from)).toEqual([0, 1, 1, 4, 4, 5]);
  });

  test("keeps the latest batches that fit the size, whole [LOG-8]", () => {
    const batches = [[1], [2, 3], [4]];
    const { log } = given(batches);
    const [, second = 0, third = 0] = batches.map((timestamps) => batchOf(timestamps).length);
    const from = (maxBytes: number): number => log.retainedFrom({ ...everything, maxBytes });
    expect([log.bytes, log.bytes - 1, second + third, third, third - 1, 0].map(from)).toEqual([0, 1, 1, 3, 4, 4]);
  });

  test("keeps what an attached task has not read, and the batch it stands in [LOG-8]", () => {
    const { log } = given([[1, 1], [2, 2, 2], [3]]);
    const from = (floor: number): number => log.retainedFrom({ keepFromMs: 100, maxBytes: 0, floor });
    expect([0, 1, 2, 4, 5, 6].map(from)).toEqual([0, 0, 2, 2, 5, 6]);
  });

  test("agrees with a naive model for any bounds [LOG-8]", () => {
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

describe("trim", () => {
  test("the log starts there at once, and batches are erased in slices [LOG-8, LOG-15]", () => {
    const { log, store } = given([[1, 1], [2], [3], [4, 4], [5]]);
    log.trim(4);
    expect([log.logStartOffset, store.first()?.baseOffset]).toEqual([4, 0]);
    expect([log.sweep(2), store.first()?.baseOffset]).toEqual([false, 3]);
    expect([log.sweep(2), store.first()?.baseOffset]).toEqual([true, 4]);
    expect([log.sweep(2), log.logStartOffset]).toEqual([true, 4]);
    expect(log.bytes).toBe(batchOf([4, 4]).length + batchOf([5]).length);
    expect(log.logEndOffset).toBe(7);
  });

  test("inside a batch what lies before is not there, and the batch stays until it is all before [LOG-15]", () => {
    const { log, store } = given([[9, 4, 5], [6]]);
    log.trim(1);
    expect(log.sweep(9)).toBe(true);
    expect([...log.records(1, NO_LIMIT, plain)].map(({ offset }) => offset)).toEqual([1, 2, 3]);
    expect(log.checkOffset(0)).toMatchObject({ ok: false, code: "offset_out_of_range" });
    // The largest time of the batch is that of a record that has gone.
    expect([0, 5, 6, 7].map((timestampMs) => log.offsetForTimestamp(timestampMs, plain))).toEqual([1, 2, 3, 4]);
    expect(new PartitionLog(store, 1)).toMatchObject({ logStartOffset: 1, logEndOffset: 4, bytes: log.bytes });
    log.trim(3);
    expect([log.sweep(9), store.first()?.baseOffset]).toEqual([true, 3]);
  });

  test("retention never takes a start back [LOG-8, LOG-15]", () => {
    const { log } = given([[1, 1, 1], [2]]);
    log.trim(2);
    for (const floor of [0, 2, 3, 4]) {
      expect(log.retainedFrom({ keepFromMs: 1, maxBytes: -1, floor })).toBe(2);
      expect(log.retainedFrom({ keepFromMs: 2, maxBytes: -1, floor })).toBe(floor < 3 ? 2 : 3);
    }
  });

  test("an emptied log goes on at its end, also when it is opened again, swept or not [LOG-1]", () => {
    for (const [reopen, sweep] of [
      [false, true],
      [true, true],
      [true, false],
    ]) {
      const { log: before, store } = given([[1, 2], [3]]);
      before.trim(3);
      if (sweep === true) expect(before.sweep(10)).toBe(true);
      const log = reopen === true ? new PartitionLog(store, 3) : before;
      expect(log).toMatchObject({ logStartOffset: 3, logEndOffset: 3 });
      expect(log.read(3, NO_LIMIT)).toEqual({ bodies: [], bytes: 0, end: 3 });
      expect(log.retainedFrom({ keepFromMs: 9, maxBytes: 0, floor: 3 })).toBe(3);
      expect(log.append(batchOf([1]))).toEqual({ ok: true, baseOffset: 3, lastOffset: 3 });
      expect(log.sweep(10)).toBe(true);
      expect(log).toMatchObject({ logStartOffset: 3, logEndOffset: 4, bytes: batchOf([1]).length });
      expect([...log.records(3, NO_LIMIT, plain)]).toMatchObject([{ offset: 3, timestampMs: 1 }]);
    }
  });

  test("an emptied log has no time", () => {
    const { log } = given([[1, 2], [3]], 2);
    expect(log).toMatchObject({ bytes: 0, lastTimestamp: -1 });
  });

  test("finds a bug of its caller: an offset outside the log", () => {
    expect(() => given([[1, 2], [3]]).log.trim(4)).toThrow("inside its bounds");
    expect(() => given([[1], [2]], 1).log.trim(0)).toThrow("inside its bounds");
    const { store } = given([[1], [2]], 1);
    expect(() => new PartitionLog(store, 0)).toThrow("begins inside its first batch");
    expect(() => new PartitionLog(store, 3)).toThrow("begins before it ends");
  });

  test("changes nothing about what stays, whatever the slices, and a log opened again is the same [LOG-1, LOG-15]", () => {
    fc.assert(
      fc.property(batchesOfTimes, fc.nat(56), fc.integer({ min: 1, max: 5 }), (batches, to, limit) => {
        const { log, store } = given(batches);
        const { logEndOffset } = log;
        const offset = Math.min(to, logEndOffset);
        const kept = [...log.records(offset, NO_LIMIT, plain)];
        const times = [0, 20, 40].map(
          (ms) => kept.find(({ timestampMs }) => timestampMs >= ms)?.offset ?? logEndOffset,
        );
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
});
