import fc from "fast-check";
import { expect, test } from "vitest";
import type { ChangesCursor } from "../../../schema/rpc/store.ts";
import type { PlanStore } from "../plan/stores.ts";
import { viewOf } from "../read/view-of.ts";
import type { RowIdentity, View } from "../read/view.ts";
import { MemoryStateStore } from "../store/memory-state-store.ts";
import type { OrderedStore } from "../store/ordered-store.ts";
import { StoreCache } from "../store/store-cache.ts";
import { UndoLog } from "../store/undo-log.ts";
import { ChangeRecorder } from "./change-recorder.ts";
import { ChangeRing } from "./change-ring.ts";
import { follow, type Followed } from "./follow.ts";
import { RecordedStore } from "./recorded-store.ts";
import { MemoryRing } from "./test/memory-ring.ts";

interface Write {
  readonly key: string;
  readonly at: number;
  readonly length: number;
  readonly value: number | undefined;
}

const tables: { readonly [kind: string]: PlanStore } = {
  keyValue: { name: "s", kind: "keyValue" },
  tumbling: { name: "s", kind: "window", windows: { kind: "time", sizeMs: 5, advanceMs: 5, graceMs: 0 } },
  sliding: { name: "s", kind: "ordered", windows: { kind: "sliding", differenceMs: 3, graceMs: 0 } },
  session: { name: "s", kind: "ordered", windows: { kind: "session", gapMs: 1, graceMs: 0 } },
};

/** A task that writes a store, and what its followers see of it. */
class Kept {
  readonly view: View;
  readonly ring: ChangeRing;
  readonly #table: PlanStore;
  readonly #recorder = new ChangeRecorder(new Map());
  readonly #memory = new MemoryStateStore();
  readonly #cache: StoreCache;
  readonly #ordered: OrderedStore | undefined;
  position = 0;

  constructor(table: PlanStore, ringBytes: number) {
    this.#table = table;
    this.#recorder = new ChangeRecorder(new Map([["s", { timed: table.windows?.kind === "session" }]]));
    this.ring = new ChangeRing(new MemoryRing(), ringBytes);
    this.#cache = new StoreCache(new RecordedStore(this.#memory, this.#recorder), new UndoLog(), 2_000);
    if (table.kind === "ordered") this.#ordered = this.#cache.openOrdered("s", { bucketMs: 4 });
    else this.#cache.open("s", table.kind);
    this.view = viewOf(this.#memory, table);
  }

  get followed(): Followed {
    return { view: this.view, ring: this.ring, incarnation: 1, beganMs: 5, position: this.position };
  }

  transaction(writes: readonly Write[], expireBefore: number): void {
    for (const write of writes) {
      this.#write(write);
      this.#cache.trim();
    }
    this.#expire(expireBefore);
    this.#cache.flush();
    this.position += writes.length;
    this.ring.add(this.#recorder.take().get("s") ?? [], this.position);
  }

  #write({ key, at, length, value }: Write): void {
    const stored = value === undefined ? undefined : { value: `{"n": ${value}}\n`, timestampMs: at + length };
    const { kind } = this.#table;
    if (kind === "keyValue") this.#cache.write(this.#cache.entry(this.#cache.open("s", kind), key), stored);
    else if (kind === "window")
      this.#cache.write(this.#cache.windowEntry(this.#cache.open("s", kind), 5 * at, key), stored);
    else {
      // A session of this start and reach; its end is its time, and changes.
      const place = this.#table.windows?.kind === "session" ? { key, at: at + 3, seq: 3 } : { key, at, seq: 0 };
      if (stored === undefined) this.#ordered?.remove(place);
      else this.#ordered?.put(place, stored);
    }
  }

  #expire(before: number): void {
    if (this.#table.kind === "window") this.#cache.expire(this.#cache.open("s", "window"), 5 * before);
    this.#ordered?.expire(before);
  }
}

function idOf({ key, start, end }: RowIdentity): string {
  return JSON.stringify([key, start, end]);
}

/** What somebody has who does what the steps say. */
class Replica {
  readonly rows = new Map<string, string>();
  cursor: ChangesCursor | undefined;
  ready = false;
  readonly #key: string | undefined;

  constructor(key: string | undefined) {
    this.#key = key;
  }

  step(followed: Followed, limit: number): ReturnType<typeof follow> {
    // As over HTTP: only text comes back.
    const cursor = this.cursor && (JSON.parse(JSON.stringify(this.cursor)) as ChangesCursor);
    const step = follow(followed, { key: this.#key, cursor, limit });
    if (step.reset) this.rows.clear();
    if (step.reset) this.ready = false;
    for (const { value, ...row } of step.changes) {
      if (value === null) this.rows.delete(idOf(row));
      else this.rows.set(idOf(row), value);
    }
    for (const row of step.rows) {
      // Each row comes once in a snapshot: it is not told as it was before.
      expect(this.rows.has(idOf(row))).toBe(false);
      this.rows.set(idOf(row), row.value);
    }
    this.cursor = step.cursor;
    this.ready ||= step.ready;
    return step;
  }
}

const write = fc.record({
  key: fc.constantFrom("a", "b", "c", "\u{1f600}"),
  at: fc.nat(20),
  length: fc.nat(2),
  value: fc.option(fc.nat(9), { nil: undefined }),
});
const transaction = fc.record({
  writes: fc.array(write, { maxLength: 8 }),
  steps: fc.nat(3),
  limit: fc.integer({ min: 1, max: 5 }),
});

/** One step at the beginning, then none until more has changed than a small ring holds. */
const behind = Array.from({ length: 20 }, (_, n) => ({
  writes: (["a", "b", "c"] as const).map((key) => ({
    key,
    at: 20,
    length: n % 3,
    value: (n % 10) as number | undefined,
  })),
  steps: n === 0 || n === 19 ? 2 : 0,
  limit: 5,
}));

test.each(Object.entries(tables))(
  "a follower of a %s store that does what it is told has the store, whatever comes in between [SUB-1, SUB-3, SUB-4]",
  (_, table) => {
    let resets = 0;
    fc.assert(
      fc.property(
        fc.array(transaction, { maxLength: 25 }),
        fc.constantFrom(300, 1_000, 1_000_000),
        fc.constantFrom(undefined, "a"),
        (transactions, ringBytes, key) => {
          const kept = new Kept(table, ringBytes);
          const replica = new Replica(key);
          const expected = (): Map<string, string> =>
            new Map(
              kept.view
                .scan({ limit: Infinity })
                .rows.filter((row) => key === undefined || row.key === key)
                .map((row) => [idOf(row), row.value]),
            );
          for (const [n, { writes, steps, limit }] of transactions.entries()) {
            kept.transaction(writes, n - 5);
            for (let step = 0; step < steps; step++) {
              const { reset, offset } = replica.step(kept.followed, limit);
              if (reset) resets++;
              expect(offset).toBeLessThanOrEqual(kept.position);
              if (replica.ready && replica.cursor?.seq === kept.ring.head) expect(replica.rows).toEqual(expected());
            }
          }
          for (let left = 300; left > 0 && !(replica.ready && replica.cursor?.seq === kept.ring.head); left--)
            replica.step(kept.followed, 3);
          expect(replica.ready).toBe(true);
          expect(replica.rows).toEqual(expected());
          expect(replica.step(kept.followed, 5)).toMatchObject({ reset: false, changes: [], rows: [], ready: false });
        },
      ),
      { numRuns: 300, examples: [[behind, 300, undefined]] },
    );
    expect(resets).toBeGreaterThan(0);
  },
);
