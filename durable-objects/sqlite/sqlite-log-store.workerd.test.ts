import { expect, test } from "vitest";
import { encodeBatch } from "../../schema/record-batch/encode.ts";
import { PartitionLog } from "../core/log/partition-log.ts";
import { inPartitionStorage } from "../test/bare-storage.ts";
import { logStoreContract } from "../test/log-store-contract.ts";
import { SqliteLogStore } from "./sqlite-log-store.ts";

logStoreContract((body) =>
  inPartitionStorage((storage) => storage.transactionSync(() => body(new SqliteLogStore(storage.sql)))),
);

test("what a transaction that throws has appended is gone, and the log goes on where it was [LOG-2]", () =>
  inPartitionStorage((storage) => {
    const store = new SqliteLogStore(storage.sql);
    const log = new PartitionLog(store, 0);
    log.append(batchOf(3));
    expect(() =>
      storage.transactionSync(() => {
        log.append(batchOf(2));
        throw new Error("rolled back");
      }),
    ).toThrow("rolled back");
    const again = new PartitionLog(store, 0);
    expect(again.logEndOffset).toBe(3);
    expect(again.append(batchOf(1))).toMatchObject({ baseOffset: 3 });
  }));

test("a read that stops early locks no table: those of a deleted partition can be dropped at once [DSK-5]", () =>
  inPartitionStorage(({ sql }) => {
    const log = new PartitionLog(new SqliteLogStore(sql), 0);
    for (let index = 0; index < 10; index++) log.append(batchOf(2));
    expect(log.read(1, { maxBytes: 1, maxRecords: 100 }).bodies.length).toBe(1);
    expect(log.read(1, { maxBytes: 1_000_000, maxRecords: 5 }).bodies.length).toBe(3);
    const decompress = (): never => expect.fail("not compressed");
    expect(log.records(0, { maxBytes: 1_000, maxRecords: 5 }, decompress).next().value?.offset).toBe(0);
    expect(log.offsetForTimestamp(1, decompress)).toBe(0);
    log.retainedFrom({ keepFromMs: 1, maxBytes: 100, floor: 7 });
    sql.exec("DROP TABLE batch");
  }));

function batchOf(records: number): Uint8Array<ArrayBuffer> {
  return encodeBatch(Array.from({ length: records }, () => ({ key: null, value: "1", timestampMs: 1, headers: [] })));
}
