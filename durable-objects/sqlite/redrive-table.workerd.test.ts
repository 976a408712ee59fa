import { expect, test } from "vitest";
import { inPartitionStorage } from "../test/bare-storage.ts";
import { RedriveTable } from "./redrive-table.ts";

const TASK = 7;
const record = { kind: "record", payload: "{}" } as const;

test("what a request was about does not come back when its task has ended meanwhile [ERR-7]", () =>
  inPartitionStorage(({ sql }) => {
    const table = new RedriveTable(sql);
    table.add(TASK, "0/1", record);
    const taken = table.next(TASK);
    sql.exec("DELETE FROM redrive");
    table.forget(TASK);
    table.tried(TASK, taken);
    table.untried(TASK, taken);
    table.called(TASK, taken, { batchId: 1, nowMs: 0, records: 1 });
    expect(table.pending(TASK)).toBe(0);
    expect(table.next(TASK)).toEqual([]);
  }));

test("letters that were run and have left their topic are forgotten, and are given once all the same [ERR-10]", () =>
  inPartitionStorage(({ sql }) => {
    const table = new RedriveTable(sql);
    for (const id of ["0/2", "0/9", "0/10", "1/3", "10/1"]) table.add(TASK, id, record);
    for (const id of ["0/2", "0/10", "1/3", "10/1"]) table.done(TASK, { id, kind: "record" });
    const ids = (): unknown[] =>
      sql
        .exec("SELECT id FROM redrive ORDER BY id")
        .toArray()
        .map(({ id }) => id);
    table.trim(TASK, [{ partition: 0, offset: 10 }]);
    // One that waits stays until it has run.
    expect(ids()).toEqual(["0/10", "0/9", "1/3", "10/1", "trimmed:0"]);
    table.trim(TASK, [
      { partition: 0, offset: 11 },
      { partition: 1, offset: 3 },
    ]);
    expect(ids()).toEqual(["0/9", "1/3", "10/1", "trimmed:0"]);
    const has = (partition: number, offset: number): boolean => table.has(TASK, { partition, offset });
    expect([has(0, 2), has(0, 9), has(0, 10), has(0, 11), has(1, 2), has(1, 3)]).toEqual([
      true,
      true,
      true,
      false,
      false,
      true,
    ]);
    expect(new RedriveTable(sql).next(TASK).map(({ id }) => id)).toEqual(["0/9"]);
  }));
