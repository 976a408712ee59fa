import { describe, expect, test } from "vitest";
import { batchOf, given, NO_LIMIT, plain } from "../../test/log-of-times.ts";
import { PartitionLog } from "./partition-log.ts";

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
});

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
});
