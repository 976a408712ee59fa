import fc from "fast-check";
import { expect, test } from "vitest";
import type { KeyRange, StoredValue } from "../core/store/state-store.ts";
import { StoreCache, type CachedStore } from "../core/store/store-cache.ts";
import { UndoLog } from "../core/store/undo-log.ts";
import { crashed, type Disk } from "./disk.ts";
import { compareBytes, KEYS } from "./keys.ts";

type Step =
  | { readonly kind: "write"; readonly key: string; readonly text: string | undefined }
  | { readonly kind: "scan"; readonly range: KeyRange; readonly limit: number }
  | { readonly kind: "keep" }
  | { readonly kind: "rollback" };

type Rows = ReadonlyMap<string, string>;

/** Some of those that are there at the start, and others. Few, so that calls meet at one key. */
const key = fc.oneof(
  fc.constantFrom(...KEYS),
  fc.nat(13).map((n) => `a${n * 23}`),
);
const bound = fc.option(key, { nil: undefined, freq: 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("write" as const),
      key,
      text: fc.option(fc.constantFrom("1", "2"), { nil: undefined }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("scan" as const),
      range: fc.record({ from: bound, after: bound, to: bound }),
      limit: fc.constantFrom(0, 1, 5, 30, Infinity),
    }),
  },
  { weight: 1, arbitrary: fc.constantFrom<Step>({ kind: "keep" }, { kind: "keep" }, { kind: "rollback" }) },
);
const slices = fc.array(fc.record({ steps: fc.array(step, { maxLength: 30 }), crash: fc.boolean() }), { maxLength: 5 });

/** The contract of key scans through the cache, over any StateStore. `run` gives an empty disk. */
export function keyCacheContract(run: (body: (disk: Disk) => void) => void | Promise<void>, numRuns: number): void {
  test(
    "a scan of keys is that of an array, whatever stays in memory, is rolled back or crashes [STO-6, STO-8, STO-18]",
    { timeout: 60_000 },
    () =>
      run((disk) => {
        let turn = 0;
        fc.assert(
          fc.property(
            slices,
            fc.constantFrom(0, 20, 300),
            fc.constantFrom(0, 3_000, 1_000_000),
            (each, before, cacheBytes) => {
              const name = `s${turn++}`;
              let committed: Rows = fill(disk, name, before);
              let life = openLife(disk, name, cacheBytes);
              for (const { steps, crash } of each) {
                let after = committed;
                const work = (): void => {
                  after = runSteps(life, committed, steps);
                };
                if (crash) {
                  crashed(disk, work);
                  life = openLife(disk, name, cacheBytes);
                  continue;
                }
                disk.transaction(() => {
                  work();
                  life.cache.flush();
                });
                committed = after;
              }
            },
          ),
          { numRuns },
        );
      }),
  );
}

interface Life {
  readonly undo: UndoLog;
  readonly cache: StoreCache;
  readonly store: CachedStore;
}

function openLife(disk: Disk, name: string, cacheBytes: number): Life {
  const undo = new UndoLog();
  const cache = new StoreCache(disk.open(), undo, cacheBytes);
  return { undo, cache, store: cache.open(name, "keyValue") };
}

function valueOf(text: string): StoredValue {
  return { value: text, timestampMs: 0 };
}

function fill(disk: Disk, name: string, count: number): Rows {
  const rows = new Map(Array.from({ length: count }, (_, index) => [`a${index}`, `${index}`]));
  disk.transaction(() => {
    const state = disk.open();
    state.open(name, "keyValue");
    state.putMany(
      name,
      [...rows].map(([key, text]) => ({ start: 0, key, value: valueOf(text) })),
    );
  });
  return rows;
}

/** Answers what has not been rolled back. */
function runSteps({ cache, store, undo }: Life, before: Rows, steps: readonly Step[]): Rows {
  let kept = before;
  let rows = new Map(before);
  for (const step of steps) {
    switch (step.kind) {
      case "write":
        cache.write(cache.entry(store, step.key), step.text === undefined ? undefined : valueOf(step.text));
        if (step.text === undefined) rows.delete(step.key);
        else rows.set(step.key, step.text);
        break;
      case "scan":
        expect(cache.scan(store, step.range, step.limit)).toEqual(scanOf(rows, step));
        break;
      case "keep":
        undo.clear();
        cache.trim();
        kept = new Map(rows);
        break;
      case "rollback":
        undo.rollback();
        rows = new Map(kept);
    }
  }
  undo.clear();
  return rows;
}

function scanOf(rows: Rows, { range: { from, after, to }, limit }: { range: KeyRange; limit: number }): object[] {
  return [...rows]
    .filter(([key]) => from === undefined || compareBytes(key, from) >= 0)
    .filter(([key]) => after === undefined || compareBytes(key, after) > 0)
    .filter(([key]) => to === undefined || compareBytes(key, to) < 0)
    .toSorted(([a], [b]) => compareBytes(a, b))
    .slice(0, limit)
    .map(([key, value]) => ({ key, value, timestampMs: 0 }));
}
