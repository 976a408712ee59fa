import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Bytes } from "../../schema/record.ts";
import type { BatchRow, LogStore } from "../core/log/log-store.ts";

/** The contract of LogStore. `run` gives each test a new, empty store, in a transaction where the implementation needs one. */
export function logStoreContract(run: (body: (store: LogStore) => void) => void | Promise<void>): void {
  describe("a LogStore", () => {
    test("that is empty has no batch [LOG-11]", () =>
      run((store) => {
        expect([store.first(), store.last(), store.atOrBefore(7)]).toEqual([undefined, undefined, undefined]);
        expect(store.bodies(0, 7)).toEqual([]);
        expect(store.removeBefore(7, 10)).toBe(0);
      }));

    test("finds the batch that begins at or before an offset [LOG-11]", () =>
      run((store) => {
        const rows = fill(store, [5, 1, 3]);
        expect(store.first()).toEqual(rows[0]);
        expect(store.last()).toEqual(rows[2]);
        const found = [-1, 0, 4, 5, 6, 8, 1_000_000].map((offset) => store.atOrBefore(offset));
        expect(found).toEqual([undefined, rows[0], rows[0], rows[1], rows[2], rows[2], rows[2]]);
      }));

    test("gives bodies by base offset, the first included, the last not [LOG-11]", () =>
      run((store) => {
        fill(store, [5, 1, 3]);
        const firstBytes = (from: number, to: number): (number | undefined)[] =>
          store.bodies(from, to).map((body) => body[0]);
        expect(firstBytes(0, 100)).toEqual([0, 5, 6]);
        expect(firstBytes(1, 6)).toEqual([5]);
        expect(firstBytes(5, 5)).toEqual([]);
        expect(firstBytes(6, 7)).toEqual([6]);
      }));

    test("keeps the bytes as they were when they were inserted [LOG-11]", () =>
      run((store) => {
        const whole = new Uint8Array(1_900_000).map((_, index) => index % 251);
        const body = whole.subarray(3);
        store.insert({ baseOffset: 0, lastOffset: 0, maxTimestamp: 0, size: body.length, endBytes: body.length }, body);
        const expected = body.slice();
        whole.fill(255);
        const [kept] = store.bodies(0, 1);
        expect(kept?.length).toBe(expected.length);
        expect(kept?.every((byte, index) => byte === expected[index])).toBe(true);
      }));

    test("keeps numbers up to 2^53 [LOG-11]", () =>
      run((store) => {
        const row: BatchRow = {
          baseOffset: Number.MAX_SAFE_INTEGER - 9,
          lastOffset: Number.MAX_SAFE_INTEGER,
          maxTimestamp: 253_402_300_799_999,
          size: 1,
          endBytes: 8_000_000_000,
        };
        store.insert(row, new Uint8Array(1));
        expect(store.first()).toEqual(row);
        expect(store.atOrBefore(Number.MAX_SAFE_INTEGER)).toEqual(row);
      }));

    test("removes the first batches before an offset, at most so many, and counts them [LOG-11]", () =>
      run((store) => {
        const rows = fill(store, [2, 2, 2, 2]);
        expect(store.removeBefore(0, 10)).toBe(0);
        expect(store.removeBefore(6, 2)).toBe(2);
        expect(store.first()).toEqual(rows[2]);
        expect(store.atOrBefore(3)).toBeUndefined();
        expect(store.removeBefore(6, 2)).toBe(1);
        expect(store.removeBefore(6, 2)).toBe(0);
        expect(store.removeBefore(8, 5)).toBe(1);
        expect(store.last()).toBeUndefined();
      }));

    test("agrees with a naive model over any calls [LOG-11]", () =>
      run((store) => {
        fc.assert(
          fc.property(fc.array(call, { maxLength: 30 }), (calls) => {
            store.removeBefore(Number.MAX_SAFE_INTEGER, 1_000);
            const model = new Model();
            for (const { kind, number } of calls) {
              if (kind === "insert") model.insert(store, number);
              else if (kind === "remove") expect(store.removeBefore(number, 3)).toBe(model.remove(number, 3));
              else expect(store.atOrBefore(number)).toEqual(model.rows.findLast((row) => row.baseOffset <= number));
              expect([store.first(), store.last()]).toEqual([model.rows[0], model.rows.at(-1)]);
            }
            expect(store.bodies(0, 1_000).map((body) => body[0])).toEqual(
              model.rows.map((row) => row.baseOffset % 256),
            );
          }),
          { numRuns: 60 },
        );
      }));
  });
}

const call = fc.record({
  kind: fc.constantFrom("insert", "insert", "remove", "find"),
  number: fc.integer({ min: 1, max: 20 }),
});

class Model {
  rows: BatchRow[] = [];
  #end = 0;

  insert(store: LogStore, records: number): void {
    const row = rowOf(this.#end, records);
    store.insert(row, bodyOf(row));
    this.rows.push(row);
    this.#end += records;
  }

  remove(baseOffset: number, limit: number): number {
    const kept = this.rows.filter((row, index) => row.baseOffset >= baseOffset || index >= limit);
    const removed = this.rows.length - kept.length;
    this.rows = kept;
    return removed;
  }
}

/** One batch for each number of records, from offset 0 on; a body's first byte is its base offset. */
function fill(store: LogStore, records: readonly number[]): BatchRow[] {
  let end = 0;
  return records.map((count) => {
    const row = rowOf(end, count);
    store.insert(row, bodyOf(row));
    end += count;
    return row;
  });
}

function rowOf(baseOffset: number, records: number): BatchRow {
  const lastOffset = baseOffset + records - 1;
  return { baseOffset, lastOffset, maxTimestamp: 1_000 + baseOffset, size: 4, endBytes: 4 * (baseOffset + 1) };
}

function bodyOf(row: BatchRow): Bytes {
  return Uint8Array.of(row.baseOffset % 256, 1, 2, 3);
}
