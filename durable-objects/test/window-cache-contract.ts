import fc from "fast-check";
import { expect, test } from "vitest";
import type { StoredValue } from "../core/store/state-store.ts";
import { StoreCache, type CachedStore } from "../core/store/store-cache.ts";
import { TimerQueue } from "../core/store/timer-queue.ts";
import { UndoLog } from "../core/store/undo-log.ts";
import { crashed, type Disk } from "./disk.ts";
import { compareBytes, KEYS } from "./keys.ts";

interface Row {
  readonly start: number;
  readonly key: string;
  readonly text: string;
}

type Step =
  | { readonly kind: "write"; readonly start: number; readonly key: string; readonly text: string | undefined }
  | { readonly kind: "read"; readonly start: number; readonly key: string }
  | { readonly kind: "due"; readonly fromStart: number | undefined; readonly upToStart: number; readonly most: number }
  | {
      readonly kind: "ofKey";
      readonly key: string;
      readonly fromMs: number;
      readonly toMs: number;
      readonly limit: number;
    }
  | { readonly kind: "take"; readonly upToMs: number; readonly most: number; readonly again: number | undefined }
  | { readonly kind: "keep" }
  | { readonly kind: "rollback" };

/** Few, so that calls meet at one place. */
const start = fc.integer({ min: -2, max: 12 });
const key = fc.constantFrom("a", "b", "😀", "\uffff");
const most = fc.constantFrom(1, 3, 1_000);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("write" as const),
      start,
      key,
      text: fc.option(fc.constantFrom("1", "2"), { nil: undefined }),
    }),
  },
  fc.record({ kind: fc.constant("read" as const), start, key }),
  fc.record({
    kind: fc.constant("due" as const),
    fromStart: fc.option(start, { nil: undefined }),
    upToStart: start,
    most,
  }),
  fc.record({ kind: fc.constant("ofKey" as const), key, fromMs: start, toMs: start, limit: fc.nat(4) }),
  fc.record({
    kind: fc.constant("take" as const),
    upToMs: start,
    most,
    again: fc.option(start, { nil: undefined }),
  }),
  fc.constantFrom<Step>({ kind: "keep" }, { kind: "keep" }, { kind: "rollback" }),
);
const slices = fc.array(
  fc.record({
    steps: fc.array(step, { maxLength: 25 }),
    end: fc.constantFrom("crash" as const, "flush" as const, "flush" as const),
    expireMs: fc.option(fc.integer({ min: -2, max: 8 }), { nil: undefined }),
  }),
  { maxLength: 6 },
);
/** More than one read of what comes due, or none. */
const rowsBefore = fc.constantFrom(0, 0, 30, 300);

/** The contract of windows in time through the cache, over any StateStore. `run` gives an empty disk. */
export function windowCacheContract(run: (body: (disk: Disk) => void) => void | Promise<void>, numRuns: number): void {
  test(
    "windows by their time, timers and windows of a key are those of an array, whatever stays in memory, is rolled back, expires or crashes [STO-6, STO-8, STO-17, STO-18, STO-19]",
    { timeout: 60_000 },
    () =>
      run((disk) => {
        let turn = 0;
        fc.assert(
          fc.property(slices, rowsBefore, fc.constantFrom(0, 3_000, 1_000_000), (each, before, cacheBytes) => {
            const name = `w${turn++}`;
            let committed = fill(disk, name, before);
            let life = openLife(disk, name, cacheBytes);
            for (const { steps, end, expireMs } of each) {
              const model = new Model(committed);
              const work = (): void => runSteps(life, model, steps);
              if (end === "crash") {
                crashed(disk, work);
                life = openLife(disk, name, cacheBytes);
                continue;
              }
              disk.transaction(() => {
                work();
                // A bound that was passed already changes nothing, also for rows put below it since.
                const bound = (expireMs ?? -Infinity) > life.store.expiredBeforeMs ? expireMs : undefined;
                if (bound !== undefined) life.cache.expire(life.store, bound);
                model.rows = model.rows.filter(({ start }) => bound === undefined || start >= bound);
                life.cache.flush();
              });
              committed = model.rows;
              const stored = disk.open().scanWindows(name, undefined, 10_000);
              expect(stored.map(({ start, key, value }) => ({ start, key, text: value }))).toEqual(committed);
            }
          }),
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
  return { undo, cache, store: cache.open(name, "window") };
}

/** Some rows of one start, and some of many; some of one key. */
function fill(disk: Disk, name: string, count: number): readonly Row[] {
  const rows = Array.from({ length: count }, (_, index) => ({
    start: index % 2 === 0 ? 3 : index % 13,
    key: index % 5 === 0 ? "a" : `${KEYS[index % KEYS.length]}${index}`,
    text: `${index}`,
  }));
  const distinct = [...new Map(rows.map((row) => [`${row.start}/${row.key}`, row])).values()];
  disk.transaction(() => {
    const state = disk.open();
    state.open(name, "window");
    state.putMany(
      name,
      distinct.map(({ start, key, text }) => ({ start, key, value: valueOf(text) })),
    );
  });
  return distinct.toSorted((a, b) => a.start - b.start || compareBytes(a.key, b.key));
}

function valueOf(text: string): StoredValue {
  return { value: text, timestampMs: 0 };
}

/** In (start, key) order. */
class Model {
  rows: readonly Row[];

  constructor(rows: readonly Row[]) {
    this.rows = rows;
  }

  write(start: number, key: string, text: string | undefined): void {
    const rows = this.rows.filter((row) => row.start !== start || row.key !== key);
    const after = rows.findIndex((row) => (row.start - start || compareBytes(row.key, key)) > 0);
    if (text !== undefined) rows.splice(after < 0 ? rows.length : after, 0, { start, key, text });
    this.rows = rows;
  }
}

/** Leaves in `model` what has not been rolled back. */
function runSteps(life: Life, model: Model, steps: readonly Step[]): void {
  let kept = model.rows;
  for (const step of steps) {
    if (step.kind === "rollback") {
      life.undo.rollback();
      model.rows = kept;
    } else if (step.kind === "keep") {
      life.undo.clear();
      life.cache.trim();
      kept = model.rows;
    } else runStep(life, model, step);
  }
  life.undo.clear();
}

function runStep(
  { cache, store }: Life,
  model: Model,
  step: Exclude<Step, { kind: "keep" } | { kind: "rollback" }>,
): void {
  switch (step.kind) {
    case "write": {
      const { start, key, text } = step;
      cache.write(cache.windowEntry(store, start, key), text === undefined ? undefined : valueOf(text));
      return model.write(start, key, text);
    }
    case "read": {
      const { start, key } = step;
      const known = model.rows.find((row) => row.start === start && row.key === key);
      return expect(cache.windowEntry(store, start, key).value?.value).toBe(known?.text);
    }
    case "due": {
      const { fromStart = -Infinity, upToStart, most } = step;
      const found: Row[] = [];
      for (const { start, key, value } of cache.dueWindows(store, {
        ...(step.fromStart === undefined ? {} : { fromStart }),
        upToStart,
      })) {
        found.push({ start, key, text: value?.value ?? "none" });
        if (found.length === most) break;
      }
      const due = model.rows.filter(({ start }) => fromStart <= start && start <= upToStart);
      return expect(found).toEqual(due.slice(0, most));
    }
    case "ofKey": {
      const { key, fromMs, toMs, limit } = step;
      const found = cache.windowsOfKey(store, key, { fromMs, toMs, limit });
      const due = model.rows.filter((row) => row.key === key && fromMs <= row.start && row.start <= toMs);
      return expect(found.map(({ start, key, value }) => ({ start, key, text: value }))).toEqual(due.slice(0, limit));
    }
    case "take":
      return takeTimers(new TimerQueue(cache, store), model, step);
  }
}

/** Sets one timer more while it takes the first. */
function takeTimers(
  timers: TimerQueue,
  model: Model,
  { upToMs, most, again }: { upToMs: number; most: number; again: number | undefined },
): void {
  let taken = 0;
  for (const timer of timers.takeDue(upToMs)) {
    const [first] = model.rows;
    expect(timer).toEqual({ dueMs: first?.start, key: first?.key, payload: first?.text });
    model.write(timer.dueMs, timer.key, undefined);
    if (++taken === most) return;
    if (taken > 1 || again === undefined) continue;
    timers.set({ dueMs: again, key: "again", payload: "1" });
    model.write(again, "again", "1");
    timers.clear(again + 1, "a");
    model.write(again + 1, "a", undefined);
  }
  expect(model.rows.filter(({ start }) => start <= upToMs)).toEqual([]);
}
