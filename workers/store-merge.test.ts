import fc from "fast-check";
import { expect, test } from "vitest";
import type { PlanStore } from "../durable-objects/core/plan/stores.ts";
import { readPage } from "../durable-objects/core/read/read-page.ts";
import { viewOf } from "../durable-objects/core/read/view-of.ts";
import { comparePlaces, type ShownRow, type View } from "../durable-objects/core/read/view.ts";
import { compareKeys } from "../durable-objects/core/store/key-order.ts";
import { MemoryStateStore } from "../durable-objects/core/store/memory-state-store.ts";
import { keysBeginning, onlyKey } from "../durable-objects/store-order.ts";
import { MAX_READ_BYTES } from "../schema/limits.ts";
import { type MergedPage, mergedPage, type MergeRequest } from "./store-merge.ts";

const tables: { readonly [kind: string]: PlanStore } = {
  keyValue: { name: "s", kind: "keyValue" },
  tumbling: { name: "s", kind: "window", windows: { kind: "time", sizeMs: 5, advanceMs: 5, graceMs: 0 } },
  cumulative: { name: "s", kind: "window", windows: { kind: "cumulative", sizeMs: 10, stepMs: 5, graceMs: 0 } },
  sliding: { name: "s", kind: "ordered", windows: { kind: "sliding", differenceMs: 3, graceMs: 0 } },
  session: { name: "s", kind: "ordered", windows: { kind: "session", gapMs: 1, graceMs: 0 } },
  joinSide: { name: "s", kind: "ordered", hidden: true, view: "joinSide" },
  list: { name: "s", kind: "ordered", hidden: true, view: "list" },
};

const keys = fc.constantFrom("", "a", "ab", "ab\0", "b", "\uffff", "\u{1f600}", "zz");
const rows = fc.array(fc.record({ key: keys, at: fc.nat(30), seq: fc.nat(2) }), { maxLength: 40 });
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

function filled(table: PlanStore, written: readonly { key: string; at: number; seq: number }[]): View {
  const store = new MemoryStateStore();
  store.open("s", table.kind, { bucketMs: 7 });
  for (const { key, at, seq } of written) {
    const value = { value: `"${at}"`, timestampMs: at };
    if (table.kind === "keyValue") store.put("s", key, value);
    else if (table.kind === "window") store.putWindow("s", 5 * at, key, value);
    // Sessions of a key do not touch: each begins where it reaches.
    else if (table.windows !== undefined) store.ordered.putMany("s", [{ key, at, seq: 0, value }]);
    else store.ordered.putMany("s", [{ key, at, seq, value }]);
  }
  return viewOf(store, table);
}

function scanOf(views: readonly View[], range: object, calls: { most: number }): MergeRequest["scan"] {
  return async (partition, part) => {
    const view = views[partition];
    if (view === undefined) throw new Error(`partition ${partition}`);
    const page = readPage(view, { ...range, ...part, maxCharacters: part.maxCharacters ?? MAX_READ_BYTES });
    calls.most = Math.max(calls.most, page.rows.length);
    return { ok: true, order: view.order, ...page, topic: "t", partition, offset: partition + 5 };
  };
}

function wanted(view: View, partition: number): (ShownRow & { partition: number })[] {
  return view.scan({ limit: Infinity }).rows.map((row) => ({ ...row, partition }));
}

test.each(Object.entries(tables))(
  "pages of %s rows are the rows of the range, each once and in order, over all partitions [STR-3, STR-5, STR-8]",
  async (_, table) => {
    const range = fc.record({
      keys: fc.oneof(
        fc.record({ fromKey: optional(keys), toKey: optional(keys) }),
        keys.map(keysBeginning),
        keys.map(onlyKey),
      ),
      fromMs: optional(fc.nat(40)),
      toMs: optional(fc.nat(160)),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(rows, { minLength: 1, maxLength: 4 }),
        range,
        fc.integer({ min: 1, max: 12 }),
        async (written, { keys: { fromKey, toKey }, fromMs, toMs }, limit) => {
          const views = written.map((each) => filled(table, each));
          const timed = table.kind === "window" || (table.kind === "ordered" && table.view !== "list");
          const asked = { fromKey, toKey, ...(timed ? { fromMs, toMs } : {}) };
          const compare = comparePlaces(views[0]?.order ?? "key");
          const expected = views
            .flatMap(wanted)
            .filter(({ key, place, start = place.at }) => {
              const inKeys =
                (fromKey === undefined || compareKeys(key, fromKey) >= 0) &&
                (toKey === undefined || compareKeys(key, toKey) < 0);
              return inKeys && (!timed || (start >= (fromMs ?? 0) && start <= (toMs ?? Infinity)));
            })
            .toSorted((a, b) => compare(a.place, b.place) || a.partition - b.partition);
          const found: unknown[] = [];
          let from: MergedPage["next"];
          do {
            const page = await mergedPage({
              partitions: views.map((_view, index) => index),
              limit,
              from,
              scan: scanOf(views, asked, { most: 0 }),
            });
            if (!page.ok) throw new Error(page.message);
            expect(page.rows.length).toBeLessThanOrEqual(limit);
            expect(page.reflects).toEqual(
              views.map((_view, partition) => ({ topic: "t", partition, offset: partition + 5 })),
            );
            found.push(...page.rows);
            from = page.next;
          } while (from !== undefined);
          expect(found).toEqual(expected.map(({ partition: _partition, ...row }) => row));
        },
      ),
    );
  },
);

test("many partitions are not asked for a page each [STR-3]", async () => {
  const store = tables["keyValue"] ?? { name: "s", kind: "keyValue" };
  const views = Array.from({ length: 20 }, (_, partition) =>
    filled(
      store,
      Array.from({ length: 100 }, (_row, n) => ({ key: `${n}/${partition}`, at: 0, seq: 0 })),
    ),
  );
  const calls = { most: 0 };
  const page = await mergedPage({
    partitions: views.map((_, index) => index),
    limit: 100,
    scan: scanOf(views, {}, calls),
  });
  expect(page).toMatchObject({ ok: true, rows: { length: 100 }, next: expect.anything() });
  expect(calls.most).toBeLessThan(12);
});
