import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { OrderedChange, OrderedRow } from "../core/store/ordered-rows.ts";
import type { StateStore, StoredValue } from "../core/store/state-store.ts";
import { compareBytes, KEYS } from "./keys.ts";
import { OrderedModel } from "./ordered-model.ts";

const value = (text: string, timestampMs = 0): StoredValue => ({ value: text, timestampMs });
const EVER = { fromAt: -Infinity, toAt: Infinity };

/** Negative times, ends of buckets, and the safe integers' own ends. */
const TIMES = [Number.MIN_SAFE_INTEGER, -1_000, -1, 0, 1, 999, 1_000, 1_700_000_000_000, Number.MAX_SAFE_INTEGER];

/** The contract of OrderedRows. `run` as in `stateStoreContract`. */
export function orderedRowsContract(run: (body: (store: StateStore) => void) => void | Promise<void>): void {
  describe("ordered rows", () => {
    test("give back what was put, the last put winning, and nothing after a removal [STO-13]", () =>
      run((store) => {
        store.open("o", "ordered", { bucketMs: 1_000 });
        const place = { key: "k", at: -5, seq: 2 };
        expect(store.ordered.get("o", place)).toBeUndefined();
        store.ordered.putMany("o", [{ ...place, value: value("1", 5) }]);
        store.ordered.putMany("o", [{ ...place, value: value("12.30", 3) }]);
        expect(store.ordered.get("o", place)).toEqual(value("12.30", 3));
        for (const other of [{ key: "j" }, { at: -4 }, { seq: 1 }])
          expect(store.ordered.get("o", { ...place, ...other })).toBeUndefined();
        store.ordered.putMany("o", [{ ...place, value: undefined }]);
        store.ordered.putMany("o", [{ ...place, key: "never", value: undefined }]);
        expect(store.ordered.get("o", place)).toBeUndefined();
        expect(store.ordered.buckets("o")).toEqual([]);
      }));

    test("open again with their rows and the width they were first given [STO-13]", () =>
      run((store) => {
        store.open("o", "ordered", { bucketMs: 1_000 });
        store.ordered.putMany("o", [{ key: "k", at: 1_500, seq: 0, value: value("1") }]);
        store.open("o", "ordered", { bucketMs: 10 });
        expect(store.ordered.bucketMs("o")).toBe(1_000);
        expect(store.ordered.buckets("o")).toEqual([1]);
        expect(store.ordered.range("o", "k", EVER)).toEqual([{ at: 1_500, seq: 0, ...value("1") }]);
        expect(() => store.open("o", "window")).toThrow(/kind/);
      }));

    test.each([0, 1, 1_000, 86_400_000])("come in the order of at and seq, in buckets of %i ms [STO-14]", (bucketMs) =>
      run((store) => {
        store.open("o", "ordered", { bucketMs });
        const places = TIMES.flatMap((at) => [0, 1, 2].map((seq) => ({ at, seq })));
        store.ordered.putMany(
          "o",
          places.toReversed().map((place) => ({ key: "k", ...place, value: value("1") })),
        );
        store.ordered.putMany("o", [{ key: "l", at: 0, seq: 0, value: value("2") }]);
        const found = (range: object): object[] =>
          store.ordered.range("o", "k", { ...EVER, ...range }).map(({ at, seq }) => ({ at, seq }));
        expect(found({})).toEqual(places);
        expect(found({ descending: true })).toEqual(places.toReversed());
        expect(found({ limit: 4 })).toEqual(places.slice(0, 4));
        expect(found({ limit: 4, descending: true })).toEqual(places.toReversed().slice(0, 4));
        expect(found({ fromAt: -1, toAt: 999 })).toEqual(places.filter(({ at }) => at >= -1 && at <= 999));
        expect(found({ fromAt: 2, toAt: 998 })).toEqual([]);
        expect(found({ fromAt: 1, toAt: 0 })).toEqual([]);
        expect(found({ limit: 0 })).toEqual([]);
      }),
    );

    test("end a range with the row that exceeds the characters asked for [STO-14]", () =>
      run((store) => {
        store.open("o", "ordered", { bucketMs: 10 });
        const rows = Array.from({ length: 30 }, (_, at) => ({ key: "k", at, seq: 0, value: value('"12345678"') }));
        store.ordered.putMany("o", rows);
        const most = (maxCharacters: number): number =>
          store.ordered.range("o", "k", { ...EVER, maxCharacters }).length;
        expect([most(0), most(9), most(10), most(150), most(155), most(300)]).toEqual([1, 1, 2, 16, 16, 30]);
      }));

    test.each([1, 7, 1_000])("say what expiring would let go, in buckets of %i ms [STO-15]", (bucketMs) =>
      run((store) => {
        store.open("o", "ordered", { bucketMs });
        const rows = [-8, -1, 0, 3, 6, 7, 15].flatMap((at) => ["k", "l"].map((key) => ({ key, at, seq: 0 })));
        store.ordered.putMany(
          "o",
          rows.map((row) => ({ ...row, value: value("1", row.at) })),
        );
        const before = (at: number): string[] =>
          store.ordered
            .rowsBefore("o", at)
            .map((row) => `${row.key}@${row.at}/${row.timestampMs}`)
            .toSorted();
        const wanted = (from: number, to: number): string[] =>
          rows.flatMap(({ key, at }) => (at >= from && at < to ? [`${key}@${at}/${at}`] : [])).toSorted();
        for (const at of [-9, -8, 0, 1, 6, 7, 8, 100]) expect(before(at)).toEqual(wanted(-Infinity, at));
        store.ordered.expire("o", 4);
        for (const at of [0, 4, 7, 100]) expect(before(at)).toEqual(wanted(4, at));
      }),
    );

    test("are scanned by the UTF-8 bytes of their keys, then at and seq, after a place, up to a limit [STO-14]", () =>
      run((store) => {
        store.open("o", "ordered", { bucketMs: 1_000 });
        store.open("other", "ordered");
        const all = KEYS.toSorted(compareBytes).flatMap((key) =>
          TIMES.flatMap((at) => [0, 7].map((seq) => ({ key, at, seq }))),
        );
        const changes = all.toReversed().map((place) => ({ ...place, value: value(`${place.seq}`) }));
        store.ordered.putMany("o", changes);
        store.ordered.putMany("other", changes);
        const places = (after: OrderedRow | undefined, limit: number): object[] =>
          store.ordered.scan("o", after, limit).map(({ key, at, seq }) => ({ key, at, seq }));
        const pages: object[] = [];
        for (let after: OrderedRow | undefined; ;) {
          const page = store.ordered.scan("o", after, 7);
          pages.push(...page.map(({ key, at, seq }) => ({ key, at, seq })));
          after = page.at(-1);
          if (page.length < 7) break;
        }
        expect(pages).toEqual(all);
        const between = { key: "b", at: 2, seq: 0, ...value("1") };
        expect(places(between, 3)).toEqual(all.filter(({ key, at }) => key === "b" && at > 2).slice(0, 3));
      }));

    test("expire below a time: hidden at once, gone with their whole bucket, and none comes back [STO-15]", () =>
      run((store) => {
        store.open("o", "ordered", { bucketMs: 10 });
        store.open("other", "ordered", { bucketMs: 10 });
        const rows = ["k", "l"].flatMap((key) =>
          [-11, -1, 0, 5, 9, 10, 15].map((at) => ({ key, at, seq: 0, value: value(`${at}`) })),
        );
        for (const name of ["o", "other"]) store.ordered.putMany(name, rows);
        expect(store.ordered.expire("o", -11)).toBe(0);
        expect(store.ordered.expire("o", 5)).toBe(4);
        expect(store.ordered.buckets("o")).toEqual([0, 1]);
        const times = (range: object): number[] =>
          store.ordered.range("o", "k", { ...EVER, ...range }).map(({ at }) => at);
        expect(times({})).toEqual([5, 9, 10, 15]);
        expect(times({ descending: true, toAt: 9 })).toEqual([9, 5]);
        expect(store.ordered.get("o", { key: "k", at: 0, seq: 0 })).toBeUndefined();
        expect(store.ordered.scan("o", undefined, 100).map(({ at }) => at)).toEqual([5, 9, 10, 15, 5, 9, 10, 15]);
        store.ordered.putMany("o", [{ key: "k", at: 4, seq: 0, value: value("late") }]);
        expect(store.ordered.expire("o", 0)).toBe(0);
        expect(times({})).toEqual([5, 9, 10, 15]);
        expect(store.ordered.expire("o", 10)).toBe(6);
        expect(times({})).toEqual([10, 15]);
        expect(store.ordered.range("other", "k", EVER)).toHaveLength(7);
      }));

    test("are hidden below the bound that their owner knows from an earlier life [STO-15]", () =>
      run((store) => {
        store.open("o", "ordered", { bucketMs: 10 });
        store.ordered.putMany(
          "o",
          [1, 5, 9].map((at) => ({ key: "k", at, seq: 0, value: value("1") })),
        );
        store.open("o", "ordered", { bucketMs: 10, expiredBefore: 5 });
        expect(store.ordered.range("o", "k", EVER).map(({ at }) => at)).toEqual([5, 9]);
        store.open("o", "ordered", { bucketMs: 10, expiredBefore: 1 });
        expect(store.ordered.range("o", "k", EVER).map(({ at }) => at)).toEqual([5, 9]);
      }));

    test("of one bucket for ever do not expire [STO-15]", () =>
      run((store) => {
        store.open("o", "ordered");
        expect(() => store.ordered.expire("o", 1)).toThrow(/cannot expire/);
      }));

    test("are written many at once as one by one, whatever their keys and sizes [STO-13]", () =>
      run((store) => {
        store.open("o", "ordered", { bucketMs: 100 });
        const large = JSON.stringify('\u0001"x'.repeat(100_000));
        const keys = [...KEYS, ...Array.from({ length: 1_000 }, (_, index) => `key-${index}`)];
        const rows = keys.map((key, index) => ({
          key,
          at: index * 7 - 1_000,
          seq: index,
          value: value(index % 300 === 0 ? large : JSON.stringify(`${key}\u0000😀`), 1_700_000_000_000 + index),
        }));
        store.ordered.putMany("o", rows);
        for (const row of rows) expect(store.ordered.get("o", row)).toEqual(row.value);
        store.ordered.putMany(
          "o",
          rows.map((row) => ({ ...row, value: undefined })),
        );
        expect(store.ordered.scan("o", undefined, 10)).toEqual([]);
      }));

    test("agree with an array of rows over any calls [STO-13, STO-14, STO-15]", () =>
      run((store) => {
        let turn = 0;
        fc.assert(
          fc.property(fc.array(call, { maxLength: 30 }), fc.constantFrom(1, 7, 1_000), (calls, bucketMs) => {
            const name = `o${turn++}`;
            store.open(name, "ordered", { bucketMs });
            const model = new OrderedModel();
            for (const each of calls) {
              if (each.kind === "expire") {
                store.ordered.expire(name, each.beforeAt);
                model.expire(each.beforeAt);
              } else if (each.kind === "put") {
                store.ordered.putMany(name, each.rows);
                for (const row of each.rows) model.put(row, row.value);
              } else expect(store.ordered.range(name, each.key, each.range)).toEqual(model.range(each.key, each.range));
            }
            expect(store.ordered.scan(name, undefined, 1_000)).toEqual(model.scan());
          }),
          { numRuns: 60 },
        );
      }));
  });
}

type Call =
  | { readonly kind: "put"; readonly rows: readonly OrderedChange[] }
  | { readonly kind: "range"; readonly key: string; readonly range: OrderedRange }
  | { readonly kind: "expire"; readonly beforeAt: number };
type OrderedRange = { fromAt: number; toAt: number; limit?: number | undefined; descending?: boolean | undefined };

const key = fc.oneof(fc.constantFrom(...KEYS), fc.string({ unit: "binary", maxLength: 2 }));
const at = fc.integer({ min: -20, max: 40 });
const change: fc.Arbitrary<OrderedChange> = fc.record({
  key,
  at,
  seq: fc.nat(2),
  value: fc.option(
    fc.record({ value: fc.json({ maxDepth: 1 }), timestampMs: fc.nat(100) }, { noNullPrototype: true }),
    { nil: undefined },
  ),
});
const call: fc.Arbitrary<Call> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("put" as const),
      rows: fc.uniqueArray(change, { selector: (row) => JSON.stringify([row.key, row.at, row.seq]), maxLength: 6 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("range" as const),
      key,
      range: fc.record({
        fromAt: at,
        toAt: at,
        limit: fc.option(fc.nat(5), { nil: undefined }),
        descending: fc.boolean(),
      }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("expire" as const), beforeAt: at }) },
);
