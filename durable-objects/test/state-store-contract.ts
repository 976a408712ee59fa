import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareKeys } from "../core/store/key-order.ts";
import type { KeyRange, KeyRow, StateStore, StoredValue, WindowRange, WindowRow } from "../core/store/state-store.ts";
import { compareBytes, KEYS } from "./keys.ts";

const value = (text: string, timestampMs = 0): StoredValue => ({ value: text, timestampMs });

const STARTS = [-3_600_000, 0, 1, 3_600_000, 253_402_300_799_999];

/**
 * The contract of StateStore. `run` gives each test a new, empty store, in a transaction where the implementation needs
 * one.
 */
export function stateStoreContract(run: (body: (store: StateStore) => void) => void | Promise<void>): void {
  describe("a StateStore", () => {
    test("gives back what was put, the last put winning, and nothing after a removal [STO-1]", () =>
      run((store) => {
        store.open("s", "keyValue");
        expect(store.get("s", "k")).toBeUndefined();
        store.put("s", "k", value("1", 5));
        store.put("s", "k", value("12.30", 3));
        expect(store.get("s", "k")).toEqual(value("12.30", 3));
        store.put("s", "k", undefined);
        store.put("s", "never", undefined);
        expect(store.get("s", "k")).toBeUndefined();
      }));

    test("opens a store again with its rows and refuses another kind [STO-1]", () =>
      run((store) => {
        store.open("s", "keyValue");
        store.put("s", "k", value("1"));
        store.open("s", "keyValue");
        expect(store.get("s", "k")).toEqual(value("1"));
        expect(() => store.open("s", "window")).toThrow(/kind/);
      }));

    test("writes many rows as it would one by one, whatever their keys and sizes [STO-12]", () =>
      run((store) => {
        store.open("s", "keyValue");
        store.open("w", "window");
        const large = JSON.stringify('\u0001"x'.repeat(100_000));
        const keys = [...KEYS, ...Array.from({ length: 2_000 }, (_, index) => `key-${index}`)];
        const rows = keys.map((key, index) => ({
          start: index % 2 === 0 ? -3_600_000 : 0,
          key,
          value: value(index % 500 === 0 ? large : `${index}`, 1_700_000_000_000 + index),
        }));
        store.put("s", "b", value("old"));
        store.putMany("s", [...rows, { start: 0, key: "gone", value: undefined }]);
        store.putMany("w", rows);
        for (const row of rows) {
          expect(store.get("s", row.key)).toEqual(row.value);
          expect(store.getWindow("w", row.start, row.key)).toEqual(row.value);
        }
        store.putMany(
          "w",
          rows.map((row) => ({ ...row, value: undefined })),
        );
        expect(store.scanWindows("w", undefined, 10)).toEqual([]);
      }));

    test("knows whether a window has rows [STO-12]", () =>
      run((store) => {
        for (const name of ["w", "other"]) store.open(name, "window");
        expect(store.hasWindow("w", 0)).toBe(false);
        expect(store.lastStart("w")).toBeUndefined();
        store.putWindow("other", 0, "k", value("1"));
        store.putWindow("w", -1, "k", value("1"));
        store.putWindow("w", 1, "k", value("1"));
        expect(store.lastStart("w")).toBe(1);
        expect(store.hasWindow("w", 0)).toBe(false);
        expect(store.hasWindow("w", 1)).toBe(true);
        store.putWindow("w", 1, "k", undefined);
        expect(store.hasWindow("w", 1)).toBe(false);
        expect(store.lastStart("w")).toBe(-1);
      }));

    test("keeps stores apart [STO-1]", () =>
      run((store) => {
        for (const name of ["s", "t"]) store.open(name, "keyValue");
        store.open("w", "window");
        store.put("s", "k", value("1"));
        store.putWindow("w", 0, "k", value("2"));
        expect(store.get("t", "k")).toBeUndefined();
        expect(store.scan("t", undefined, 10)).toEqual([]);
      }));

    test("scans keys in the order of their UTF-8 bytes, after a key, up to a limit [STO-2]", () =>
      run((store) => {
        store.open("s", "keyValue");
        for (const key of KEYS.toReversed()) store.put("s", key, value(JSON.stringify(key)));
        const order = KEYS.toSorted((a, b) => compareBytes(a, b));
        expect(store.scan("s", undefined, 100).map((row) => row.key)).toEqual(order);
        expect(store.scan("s", undefined, 3).map((row) => row.key)).toEqual(order.slice(0, 3));
        const keys = (range: KeyRange, limit = 100): string[] => store.scan("s", range, limit).map((row) => row.key);
        expect(keys({ after: order[2] }, 4)).toEqual(order.slice(3, 7));
        expect(keys({ after: order.at(-1) })).toEqual([]);
        expect(keys({ after: "aa" }, 1)).toEqual(["ab"]);
        expect(keys({ from: order[2] }, 4)).toEqual(order.slice(2, 6));
        expect(keys({ to: order[7] })).toEqual(order.slice(0, 7));
        expect(keys({ from: order[2], to: order[2] })).toEqual([]);
        expect(keys({ from: "", after: order[1], to: order[5] }, 2)).toEqual(order.slice(2, 4));
        expect(keys({ from: order[4], after: order[1] }, 1)).toEqual([order[4]]);
        expect(keys({ from: order[4], after: order[4] }, 1)).toEqual([order[5]]);
      }));

    test("keeps windows by start and key, negative starts too [STO-3]", () =>
      run((store) => {
        store.open("w", "window");
        for (const start of STARTS) store.putWindow("w", start, "k", value(`${start}`, 7));
        for (const start of STARTS) expect(store.getWindow("w", start, "k")).toEqual(value(`${start}`, 7));
        expect(store.getWindow("w", 2, "k")).toBeUndefined();
        expect(store.getWindow("w", 0, "j")).toBeUndefined();
        store.putWindow("w", 0, "k", undefined);
        expect(store.getWindow("w", 0, "k")).toBeUndefined();
      }));

    test("finds the windows of one key between two starts, both included [STO-3]", () =>
      run((store) => {
        store.open("w", "window");
        for (const start of STARTS) for (const key of ["k", "l"]) store.putWindow("w", start, key, value(key));
        store.putWindow("w", 2, "l", value("l"));
        const starts = (fromMs: number, toMs: number, limit: number): number[] =>
          store.windowsOfKey("w", "k", { fromMs, toMs, limit }).map((row) => row.start);
        expect(starts(0, 3_600_000, 10)).toEqual([0, 1, 3_600_000]);
        expect(starts(-3_600_000, 3_599_999, 2)).toEqual([-3_600_000, 0]);
        expect(starts(2, 2, 10)).toEqual([]);
      }));

    test("scans windows by start, then key, after a place, up to a limit [STO-3]", () =>
      run((store) => {
        store.open("w", "window");
        const all = STARTS.flatMap((start) => KEYS.toSorted(compareBytes).map((key) => ({ start, key })));
        for (const { start, key } of all.toReversed()) store.putWindow("w", start, key, value("1"));
        const places = (range: WindowRange | undefined, limit: number): object[] =>
          store.scanWindows("w", range, limit).map(({ start, key }) => ({ start, key }));
        expect(places(undefined, 1000)).toEqual(all);
        expect(places({ after: all[10] }, 5)).toEqual(all.slice(11, 16));
        expect(places({ after: { start: 0, key: "zz" } }, 1)).toEqual([
          all.find(({ start, key }) => start === 0 && compareKeys(key, "zz") > 0),
        ]);
        const from = (fromStart: number): object[] => all.filter(({ start }) => start >= fromStart);
        expect(places({ fromStart: 1 }, 1000)).toEqual(from(1));
        expect(places({ fromStart: -Infinity }, Infinity)).toEqual(all);
        expect(places({ fromStart: 1, after: { start: 0, key: "" } }, 3)).toEqual(from(1).slice(0, 3));
        expect(places({ fromStart: 1, after: { start: 1, key: "" } }, 3)).toEqual(from(1).slice(1, 4));
        expect(places({ maxCharacters: 4 }, 1000)).toEqual(all.slice(0, 5));
      }));

    test("expires the windows that start before a time and counts them [STO-4]", () =>
      run((store) => {
        store.open("w", "window");
        store.open("x", "window");
        for (const start of STARTS) for (const key of ["k", "l"]) store.putWindow("w", start, key, value(key));
        store.putWindow("x", 0, "k", value("1"));
        expect(store.expireWindows("w", -3_600_000)).toBe(0);
        expect(store.expireWindows("w", 1)).toBe(4);
        expect(store.expireWindows("w", 1)).toBe(0);
        expect(store.scanWindows("w", undefined, 100).map((row) => row.start)).toEqual([
          1,
          1,
          3_600_000,
          3_600_000,
          ...Array(2).fill(STARTS[4]),
        ]);
        expect(store.getWindow("x", 0, "k")).toEqual(value("1"));
      }));

    test("keeps a value of a megabyte and every character of its text [STO-1]", () =>
      run((store) => {
        store.open("s", "keyValue");
        const text = JSON.stringify(`😀é\u2028 \\ "${"x".repeat(999_900)}`);
        store.put("s", "k", value(text));
        expect(store.get("s", "k")?.value).toBe(text);
      }));

    test("agrees with a naive model over any calls [STO-1, STO-2, STO-3, STO-4]", () =>
      run((store) => {
        let run = 0;
        fc.assert(
          fc.property(fc.array(call, { maxLength: 40 }), (calls) => {
            const names = { keyValue: `kv${run}`, window: `w${run++}` };
            store.open(names.keyValue, "keyValue");
            store.open(names.window, "window");
            const model = new Model();
            for (const each of calls) expect(apply(store, names, each)).toEqual(model.apply(each));
            expect(store.scan(names.keyValue, undefined, 1000)).toEqual(model.scan());
            expect(store.scanWindows(names.window, undefined, 1000)).toEqual(model.scanWindows());
          }),
          { numRuns: 60 },
        );
      }));
  });
}

type Call =
  | { readonly kind: "put"; readonly key: string; readonly value: StoredValue | undefined }
  | { readonly kind: "get"; readonly key: string }
  | {
      readonly kind: "putWindow";
      readonly start: number;
      readonly key: string;
      readonly value: StoredValue | undefined;
    }
  | { readonly kind: "getWindow"; readonly start: number; readonly key: string }
  | { readonly kind: "expire"; readonly beforeMs: number };

const key = fc.oneof(fc.constantFrom(...KEYS), fc.string({ unit: "binary", maxLength: 3 }));
const start = fc.integer({ min: -3, max: 6 }).map((n) => n * 10);
const stored = fc.option(
  fc.record({ value: fc.json({ maxDepth: 1 }), timestampMs: fc.nat(100) }, { noNullPrototype: true }),
  { nil: undefined },
);
const call: fc.Arbitrary<Call> = fc.oneof(
  fc.record({ kind: fc.constant("put" as const), key, value: stored }),
  fc.record({ kind: fc.constant("get" as const), key }),
  fc.record({ kind: fc.constant("putWindow" as const), start, key, value: stored }),
  fc.record({ kind: fc.constant("getWindow" as const), start, key }),
  fc.record({ kind: fc.constant("expire" as const), beforeMs: fc.integer({ min: -40, max: 70 }) }),
);

function apply(store: StateStore, names: { keyValue: string; window: string }, each: Call): unknown {
  switch (each.kind) {
    case "put":
      return store.put(names.keyValue, each.key, each.value);
    case "get":
      return store.get(names.keyValue, each.key);
    case "putWindow":
      return store.putWindow(names.window, each.start, each.key, each.value);
    case "getWindow":
      return store.getWindow(names.window, each.start, each.key);
    case "expire":
      return store.expireWindows(names.window, each.beforeMs);
  }
}

/** Rows in an array. */
class Model {
  rows: KeyRow[] = [];
  windows: WindowRow[] = [];

  apply(each: Call): unknown {
    switch (each.kind) {
      case "put":
        this.rows = this.rows.filter((row) => row.key !== each.key);
        if (each.value !== undefined) this.rows.push({ key: each.key, ...each.value });
        return undefined;
      case "get":
        return valueOf(this.rows.find((row) => row.key === each.key));
      case "putWindow":
        this.windows = this.windows.filter((row) => row.key !== each.key || row.start !== each.start);
        if (each.value !== undefined) this.windows.push({ key: each.key, start: each.start, ...each.value });
        return undefined;
      case "getWindow":
        return valueOf(this.windows.find((row) => row.key === each.key && row.start === each.start));
      case "expire": {
        const before = this.windows.length;
        this.windows = this.windows.filter((row) => row.start >= each.beforeMs);
        return before - this.windows.length;
      }
    }
  }

  scan(): KeyRow[] {
    return this.rows.toSorted((a, b) => compareBytes(a.key, b.key));
  }

  scanWindows(): WindowRow[] {
    return this.windows.toSorted((a, b) => a.start - b.start || compareBytes(a.key, b.key));
  }
}

function valueOf(row: KeyRow | undefined): StoredValue | undefined {
  return row === undefined ? undefined : { value: row.value, timestampMs: row.timestampMs };
}
