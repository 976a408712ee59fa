import { expect, test } from "vitest";
import type { SessionWindows, SlidingWindows } from "../../schema/windows.ts";
import { batchQuery } from "../core/sql/batch-query.ts";
import { inPartitionStorage } from "../test/bare-storage.ts";
import { SqlSelect } from "./sql-select.ts";
import { SqliteStateStore } from "./sqlite-state-store.ts";

const sessions: SessionWindows = { kind: "session", gapMs: 10, graceMs: 0 };
const sliding: SlidingWindows = { kind: "sliding", differenceMs: 10, graceMs: 0 };

test("sessions and sliding windows have their bounds, and what has expired is gone [MIB-3]", () =>
  inPartitionStorage(({ sql }) => {
    const store = new SqliteStateStore(sql, 1);
    const select = new SqlSelect(sql, 1, store.ordered);
    store.open("visits", "ordered", { bucketMs: 100 });
    store.ordered.putMany("visits", [
      { key: "é", at: 30, seq: 25, value: { value: `{"n":1.50}`, timestampMs: 20 } },
      { key: "a", at: 12, seq: 10, value: { value: "7", timestampMs: 2 } },
      { key: "a", at: 40, seq: 10, value: { value: `"text"`, timestampMs: 30 } },
    ]);
    store.ordered.expire("visits", 13);
    const rows = (windows: SessionWindows | SlidingWindows): unknown => {
      const query = { query: "SELECT * FROM visits ORDER BY key", parameters: [], stores: { visits: "visits" } };
      const asked = batchQuery(query, [], (name) => select.relation(name, windows));
      return select.select(asked.query, asked.parameters);
    };
    expect(rows(sessions)).toEqual([
      { key: "a", value: "text", timestamp: 30, start: 30, end: 30 },
      { key: "é", value: `{"n":1.50}`, timestamp: 20, start: 5, end: 20 },
    ]);
    expect(rows(sliding)).toMatchObject([
      { key: "a", start: 40, end: 50 },
      { key: "é", start: 30, end: 40 },
    ]);
  }));

test("a batch of any size is read whole [MIB-3]", () =>
  inPartitionStorage(({ sql }) => {
    const select = new SqlSelect(sql, 1, new SqliteStateStore(sql, 1).ordered);
    const rows = Array.from({ length: 9 }, (_, offset) => ({
      key: "k",
      value: `"${"x".repeat(800_000)}"`,
      timestampMs: 5,
      offset,
    }));
    const query = { query: `SELECT count(*) AS n, sum("offset") AS sum FROM batch`, parameters: [], stores: {} };
    const asked = batchQuery(query, rows, () => "");
    expect(select.select(asked.query, asked.parameters)).toEqual([{ n: 9, sum: 36 }]);
  }));
