import { expect, test } from "vitest";
import type { StateStore } from "../core/store/state-store.ts";
import type { Disk } from "../test/disk.ts";
import { keyCacheContract } from "../test/key-cache-contract.ts";
import { windowCacheContract } from "../test/window-cache-contract.ts";
import { inPartitionStorage } from "../test/bare-storage.ts";
import { orderedRowsContract } from "../test/ordered-rows-contract.ts";
import { orderedStoreContract } from "../test/ordered-store-contract.ts";
import { stateStoreContract } from "../test/state-store-contract.ts";
import { SqliteStateStore } from "./sqlite-state-store.ts";
import { TaskTable } from "./task-table.ts";

const inTransaction = (body: (store: StateStore) => void): Promise<void> =>
  inPartitionStorage((storage) => storage.transactionSync(() => body(new SqliteStateStore(storage.sql, 1))));

stateStoreContract(inTransaction);
orderedRowsContract(inTransaction);
const onDisk = (body: (disk: Disk) => void): Promise<void> =>
  inPartitionStorage((storage) =>
    body({ open: () => new SqliteStateStore(storage.sql, 1), transaction: (work) => storage.transactionSync(work) }),
  );

keyCacheContract(onDisk, 30);
windowCacheContract(onDisk, 30);
orderedStoreContract(onDisk, 40);

test("finds its rows again, and never those of another task [STO-1]", () =>
  inPartitionStorage(({ sql }) => {
    const stored = { value: "12.30", timestampMs: 5 };
    const [first, second] = [new SqliteStateStore(sql, 1), new SqliteStateStore(sql, 2)];
    first.open("s", "keyValue");
    first.put("s", "k", stored);
    second.open("s", "keyValue");
    expect(second.get("s", "k")).toBeUndefined();
    const again = new SqliteStateStore(sql, 1);
    again.open("s", "keyValue");
    expect(again.get("s", "k")).toEqual(stored);
    expect(() => again.open("s", "window")).toThrow(/kind/);
  }));

test("a put writes one row, whether it is new or replaces, and a removal one [STO-1]", () =>
  inPartitionStorage(({ sql }) => {
    const store = new SqliteStateStore(sql, 1);
    store.open("s", "keyValue");
    store.open("w", "window");
    const value = { value: "1", timestampMs: 1 };
    const changes = (work: () => void): number => {
      const before = totalChanges(sql);
      work();
      return totalChanges(sql) - before;
    };
    for (let turn = 0; turn < 2; turn++) {
      expect(changes(() => store.put("s", "k", value))).toBe(1);
      expect(changes(() => store.putWindow("w", 0, "k", value))).toBe(1);
    }
    expect(changes(() => store.put("s", "k", undefined))).toBe(1);
    expect(changes(() => store.put("s", "k", undefined))).toBe(0);
  }));

function totalChanges(sql: SqlStorage): number {
  return sql.exec<{ n: number }>("SELECT total_changes() AS n").one().n;
}

test("a detached task leaves no row of any store, and other tasks keep theirs [ENG-11]", () =>
  inPartitionStorage(({ sql }) => {
    for (const task of [1, 2]) {
      const store = new SqliteStateStore(sql, task);
      const value = { value: "1", timestampMs: 1 };
      store.open("s", "keyValue");
      store.open("w", "window");
      store.open("o", "ordered", { bucketMs: 10 });
      store.put("s", "k", value);
      store.putWindow("w", 0, "k", value);
      store.ordered.putMany("o", [{ key: "k", at: 0, seq: 0, value }]);
    }
    const rows = (): number[] =>
      ["key_value", "window_state", "ordered_state", "store"].map(
        (table) => sql.exec<{ count: number }>(`SELECT count(*) AS count FROM ${table}`).one().count,
      );
    expect(rows()).toEqual([2, 2, 2, 6]);
    new TaskTable(sql).detach(1);
    expect(rows()).toEqual([1, 1, 1, 3]);
    expect(new SqliteStateStore(sql, 2).get("s", "k")).toBeDefined();
  }));

test("expiry looks at no row that stays [STO-15]", () =>
  inPartitionStorage(({ sql }) => {
    const store = new SqliteStateStore(sql, 1);
    store.open("o", "ordered", { bucketMs: 1_000 });
    const rows = Array.from({ length: 5_000 }, (_, at) => ({
      key: `${at % 50}`,
      at,
      seq: 0,
      value: { value: "1", timestampMs: at },
    }));
    store.ordered.putMany("o", rows);
    const plan = sql.exec("EXPLAIN QUERY PLAN DELETE FROM ordered_state WHERE store = 1 AND bucket < 2").toArray();
    expect(plan.map(({ detail }) => detail)).toEqual(["SEARCH ordered_state USING PRIMARY KEY (store=? AND bucket<?)"]);
    const before = totalChanges(sql);
    expect(store.ordered.expire("o", 999)).toBe(0);
    expect(store.ordered.expire("o", 1_500)).toBe(1_000);
    expect(totalChanges(sql) - before).toBe(1_000);
  }));
