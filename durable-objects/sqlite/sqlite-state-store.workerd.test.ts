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
