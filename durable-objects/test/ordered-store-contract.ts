import fc from "fast-check";
import { expect, test } from "vitest";
import type { OrderedPlace } from "../core/store/ordered-rows.ts";
import { MAX_GROUP_ROWS, type OrderedRange, type OrderedStore } from "../core/store/ordered-store.ts";
import type { StoredValue } from "../core/store/state-store.ts";
import { StoreCache } from "../core/store/store-cache.ts";
import { UndoLog } from "../core/store/undo-log.ts";
import { crashed, type Disk } from "./disk.ts";
import { OrderedModel } from "./ordered-model.ts";

type Step =
  | { readonly kind: "put"; readonly place: OrderedPlace; readonly value: StoredValue }
  | { readonly kind: "append"; readonly key: string; readonly at: number; readonly value: StoredValue }
  | { readonly kind: "remove"; readonly place: OrderedPlace }
  | { readonly kind: "get"; readonly place: OrderedPlace }
  | { readonly kind: "range"; readonly key: string; readonly range: OrderedRange }
  | { readonly kind: "expire"; readonly beforeAt: number }
  | { readonly kind: "keep" }
  | { readonly kind: "rollback" };

interface Slice {
  readonly steps: readonly Step[];
  readonly crash: boolean;
}

/** `large` has more rows at the start than the cache loads. */
const key = fc.constantFrom("a", "b", "large", "large");
/** Few, so that calls meet at one place. */
const at = fc.integer({ min: -4, max: 8 }).map((n) => n * 6);
const place: fc.Arbitrary<OrderedPlace> = fc.record({ key, at, seq: fc.nat(1) });
const value = fc.record({ value: fc.constantFrom("1", '"two"', "[3]"), timestampMs: fc.nat(1) });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("put" as const), place, value }),
  fc.record({ kind: fc.constant("append" as const), key, at, value }),
  fc.record({ kind: fc.constant("remove" as const), place }),
  fc.record({ kind: fc.constant("get" as const), place }),
  fc.record({
    kind: fc.constant("range" as const),
    key,
    range: fc.record({
      fromAt: fc.oneof(at, fc.constant(-Infinity)),
      toAt: fc.oneof(at, fc.constant(Infinity)),
      limit: fc.option(fc.nat(6), { nil: undefined }),
      descending: fc.boolean(),
    }),
  }),
  fc.record({ kind: fc.constant("expire" as const), beforeAt: at }),
  fc.constantFrom<Step>({ kind: "keep" }, { kind: "keep" }, { kind: "rollback" }),
);
const slices: fc.Arbitrary<Slice[]> = fc.array(
  fc.record({ steps: fc.array(step, { maxLength: 25 }), crash: fc.boolean() }),
  { maxLength: 6 },
);

/** The contract of an OrderedStore over any StateStore: `run` gives an empty disk. */
export function orderedStoreContract(run: (body: (disk: Disk) => void) => void | Promise<void>, numRuns: number): void {
  test(
    "an ordered store answers as an array does, whatever stays in memory, is rolled back, expires or crashes [STO-6, STO-8, STO-16]",
    { timeout: 60_000 },
    () =>
      run((disk) => {
        let turn = 0;
        const how = fc.record({
          bucketMs: fc.constantFrom(0, 1, 7, 1_000),
          cacheBytes: fc.constantFrom(0, 2_000, 1_000_000),
        });
        fc.assert(
          fc.property(slices, how, (each, options) => runSlices(disk, `o${turn++}`, { slices: each, ...options })),
          { numRuns },
        );
      }),
  );
}

function runSlices(
  disk: Disk,
  name: string,
  given: { slices: readonly Slice[]; bucketMs: number; cacheBytes: number },
): void {
  const { bucketMs, cacheBytes } = given;
  let committed = new OrderedModel();
  fill(disk, name, { bucketMs, model: committed });
  let life = openLife();
  for (const { steps, crash } of given.slices) {
    const model = committed.copy();
    const work = (): void => runSteps(life, model, { steps, expires: bucketMs > 0 });
    if (crash) {
      crashed(disk, work);
      life = openLife();
      continue;
    }
    disk.transaction(() => {
      work();
      life.cache.flush();
    });
    committed = model;
    expect(life.state.ordered.scan(name, undefined, 10_000)).toEqual(committed.scan());
  }

  function openLife(): Life {
    const undo = new UndoLog();
    const state = disk.open();
    const cache = new StoreCache(state, undo, cacheBytes);
    return {
      undo,
      cache,
      state,
      store: cache.openOrdered(name, { bucketMs, expiredBefore: committed.expiredBefore }),
    };
  }
}

interface Life {
  readonly undo: UndoLog;
  readonly state: ReturnType<Disk["open"]>;
  readonly cache: StoreCache;
  readonly store: OrderedStore;
}

function fill(disk: Disk, name: string, { bucketMs, model }: { bucketMs: number; model: OrderedModel }): void {
  const rows = Array.from({ length: MAX_GROUP_ROWS + 10 }, (_, index) => ({
    key: "large",
    at: Math.floor(index / 4) - 10,
    seq: index % 4,
    value: { value: `${index}`, timestampMs: 0 },
  }));
  disk.transaction(() => {
    const state = disk.open();
    state.open(name, "ordered", { bucketMs });
    state.ordered.putMany(name, rows);
  });
  for (const row of rows) model.put(row, row.value);
}

/** Leaves in `model` what has not been rolled back. */
function runSteps(life: Life, model: OrderedModel, given: { steps: readonly Step[]; expires: boolean }): void {
  let kept = model.copy();
  const settle = (): void => {
    life.undo.clear();
    life.cache.trim();
    kept = model.copy();
  };
  for (const step of given.steps) {
    if (step.kind === "keep") settle();
    else if (step.kind === "rollback") {
      life.undo.rollback();
      Object.assign(model, kept);
    } else if (step.kind !== "expire" || given.expires) expect(applyTo(life.store, step)).toEqual(applyTo(model, step));
  }
  settle();
}

function applyTo(store: OrderedStore | OrderedModel, step: Exclude<Step, { kind: "keep" | "rollback" }>): unknown {
  switch (step.kind) {
    case "put":
      return store.put(step.place, step.value);
    case "append":
      return store.append(step.key, step.at, step.value);
    case "remove":
      return store.remove(step.place);
    case "get": {
      const item = store.get(step.place);
      return item === undefined ? undefined : [item.value, item.timestampMs];
    }
    case "range":
      return store
        .range(step.key, step.range)
        .map(({ at, seq, value, timestampMs }) => ({ at, seq, value, timestampMs }));
    case "expire":
      return store.expire(step.beforeAt);
  }
}
