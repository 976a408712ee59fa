import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MAX_SLICE_BYTES } from "../../schema/limits.ts";
import { encodeBatch } from "../../schema/record-batch/encode.ts";
import { PartitionLog } from "../core/log/partition-log.ts";
import { inPartitionStorage } from "../test/bare-storage.ts";
import type { Pending } from "./outbox-queue.ts";
import { OutboxTable } from "./outbox-table.ts";
import { SqliteLogStore } from "./sqlite-log-store.ts";

/** All paths of an R2 sink share one scope; any other target is its own. */
function scopeOf(target: string): string {
  return target.startsWith("r2:") ? "r2:lake" : target;
}

class Outbox {
  readonly sql: SqlStorage;
  table: OutboxTable;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    this.table = this.reopened();
  }

  /** As after a restart. */
  reopened(): OutboxTable {
    return new OutboxTable(this.sql, (_, target) => scopeOf(target));
  }

  add(target: string, text: string, { task = 1, nowMs = 0 } = {}): void {
    const body = new Uint8Array(new TextEncoder().encode(text));
    this.table.add(task, scopeOf(target), { target, records: text.length, body, nowMs });
  }

  removeThrough(target: string, to: number, task = 1): void {
    this.table.removeThrough(task, target, { scope: scopeOf(target), to });
  }

  rows(target: string, bounds = { maxBytes: 1_000_000 }, task = 1): [sequence: number, text: string][] {
    return this.table
      .rows(task, target, bounds)
      .map(({ sequence, body }) => [sequence, new TextDecoder().decode(body)]);
  }
}

function run(body: (outbox: Outbox) => void): Promise<void> {
  return inPartitionStorage(({ sql }) => body(new Outbox(sql)));
}

describe("sequences", () => {
  test("are dense from 1 for every task and scope [OUT-1]", () =>
    run((outbox) => {
      for (const text of ["a", "b"]) for (const task of [1, 2]) outbox.add("topic:t/0", text, { task });
      outbox.add("topic:t/1", "c");
      expect(outbox.rows("topic:t/0")).toEqual([
        [1, "a"],
        [2, "b"],
      ]);
      expect(outbox.rows("topic:t/0", undefined, 2)).toEqual([
        [1, "a"],
        [2, "b"],
      ]);
      expect(outbox.rows("topic:t/1")).toEqual([[1, "c"]]);
    }));

  test("are shared by the targets of one scope [OUT-1]", () =>
    run((outbox) => {
      for (const path of ["r2:lake/x", "r2:lake/y", "r2:lake/x"]) outbox.add(path, "a");
      expect(outbox.rows("r2:lake/x")).toEqual([
        [1, "a"],
        [3, "a"],
      ]);
      expect(outbox.rows("r2:lake/y")).toEqual([[2, "a"]]);
      outbox.table = outbox.reopened();
      outbox.add("r2:lake/y", "b");
      expect(outbox.rows("r2:lake/y").at(-1)).toEqual([4, "b"]);
    }));

  test("go on after everything was delivered, and after a restart [OUT-1]", () =>
    run((outbox) => {
      outbox.add("topic:t/0", "a");
      outbox.add("r2:lake/x", "a");
      outbox.add("r2:lake/y", "b");
      outbox.removeThrough("topic:t/0", 1);
      outbox.removeThrough("r2:lake/y", 2);
      outbox.removeThrough("r2:lake/x", 1);
      expect(outbox.table.empty).toBe(true);
      outbox.table = outbox.reopened();
      outbox.add("topic:t/0", "c");
      outbox.add("r2:lake/x", "c");
      expect(outbox.rows("topic:t/0")).toEqual([[2, "c"]]);
      expect(outbox.rows("r2:lake/x")).toEqual([[3, "c"]]);
    }));

  test("of a transaction that threw are given again [OUT-1]", () =>
    inPartitionStorage((storage) => {
      const outbox = new Outbox(storage.sql);
      outbox.add("topic:t/0", "a");
      const fail = (): void => {
        outbox.add("topic:t/0", "lost");
        throw new Error("rolled back");
      };
      expect(() => storage.transactionSync(fail)).toThrow("rolled back");
      outbox.table = outbox.reopened();
      outbox.add("topic:t/0", "b");
      expect(outbox.rows("topic:t/0")).toEqual([
        [1, "a"],
        [2, "b"],
      ]);
    }));
});

describe("rows", () => {
  test("come in order, within maxBytes, but never less than one [OUT-3]", () =>
    run((outbox) => {
      for (const text of ["aaa", "bb", "c", "dddd"]) outbox.add("topic:t/0", text);
      const texts = (maxBytes: number): string[] => outbox.rows("topic:t/0", { maxBytes }).map(([, text]) => text);
      expect(texts(6)).toEqual(["aaa", "bb", "c"]);
      expect(texts(5)).toEqual(["aaa", "bb"]);
      expect(texts(0)).toEqual(["aaa"]);
      expect(texts(10)).toEqual(["aaa", "bb", "c", "dddd"]);
      expect(outbox.rows("topic:none/0")).toEqual([]);
    }));

  test("end at a sequence where one is given [OUT-3]", () =>
    run((outbox) => {
      for (const path of ["r2:lake/x", "r2:lake/y", "r2:lake/x", "r2:lake/x"]) outbox.add(path, "a");
      const sequences = (to: number): number[] =>
        outbox.table.rows(1, "r2:lake/x", { maxBytes: Number.POSITIVE_INFINITY, to }).map((row) => row.sequence);
      expect([sequences(0), sequences(2), sequences(3)]).toEqual([[], [1], [1, 3]]);
    }));

  test("read in part lock no table: those of a deleted partition can be dropped at once [DSK-5]", () =>
    run((outbox) => {
      for (const text of ["a", "b", "c"]) outbox.add("topic:t/0", text);
      expect(outbox.rows("topic:t/0", { maxBytes: 0 }).length).toBe(1);
      outbox.table.decideFile(1, "topic:t/0");
      for (const table of ["outbox", "delivered", "file"]) outbox.sql.exec(`DROP TABLE ${table}`);
    }));
});

test("what memory holds of bodies is what lies on disk, the rest is read [OUT-8]", () =>
  run((outbox) => {
    const size = MAX_SLICE_BYTES / 4;
    for (let row = 0; row < 6; row++) outbox.add("topic:t/0", String.fromCharCode(97 + row).repeat(size));
    const all = { maxBytes: Number.POSITIVE_INFINITY };
    const rows = outbox.rows("topic:t/0", all);
    expect(rows.map(([sequence, text]) => [sequence, text.length, text[0], text.at(-1)])).toEqual(
      Array.from("abcdef", (letter, at) => [at + 1, size, letter, letter]),
    );
    outbox.table = outbox.reopened();
    expect(outbox.rows("topic:t/0", all)).toEqual(rows);
  }));

test("a row that is replaced, or removed, is no longer held [OUT-8]", () =>
  run((outbox) => {
    for (const text of ["a", "b", "c"]) outbox.add("topic:t/0", text);
    outbox.removeThrough("topic:t/0", 1);
    outbox.table.replace(1, "topic:t/0", { sequence: 2, records: 1, body: new Uint8Array([120]) });
    expect(outbox.rows("topic:t/0")).toEqual([
      [2, "x"],
      [3, "c"],
    ]);
  }));

describe("a decided file", () => {
  test("stays as decided while rows are added, and is found again [OUT-4]", () =>
    run((outbox) => {
      for (const path of ["r2:lake/x", "r2:lake/y", "r2:lake/x"]) outbox.add(path, "a");
      outbox.table.decideFile(1, "r2:lake/x");
      const decided = { task: 1, target: "r2:lake/x", from: 1, to: 3 };
      expect(outbox.table.file(1, "r2:lake/x")).toEqual(decided);
      outbox.add("r2:lake/x", "b");
      outbox.table.decideFile(1, "r2:lake/x");
      outbox.table = outbox.reopened();
      expect(outbox.table.file(1, "r2:lake/x")).toEqual(decided);
      expect(outbox.table.file(1, "r2:lake/y")).toBeUndefined();
      expect(outbox.table.file(2, "r2:lake/x")).toBeUndefined();
    }));

  test("is not decided while no row waits [OUT-4]", () =>
    run((outbox) => {
      outbox.table.decideFile(1, "r2:lake/x");
      expect(outbox.table.file(1, "r2:lake/x")).toBeUndefined();
    }));

  test("is followed by one of the rows behind it [OUT-4]", () =>
    run((outbox) => {
      outbox.add("r2:lake/x", "a");
      outbox.table.decideFile(1, "r2:lake/x");
      outbox.add("r2:lake/x", "b");
      outbox.removeThrough("r2:lake/x", 1);
      outbox.table.removeFile(1, "r2:lake/x");
      expect(outbox.reopened().file(1, "r2:lake/x")).toBeUndefined();
      outbox.table.decideFile(1, "r2:lake/x");
      expect(outbox.table.file(1, "r2:lake/x")).toMatchObject({ from: 2, to: 2 });
    }));
});

test("a row delivered empty keeps its sequence and counts nothing [OUT-5]", () =>
  run((outbox) => {
    for (const text of ["aaa", "bb", "c"]) outbox.add("topic:t/0", text);
    outbox.table.replace(1, "topic:t/0", { sequence: 2, records: 0, body: new Uint8Array(0) });
    expect(outbox.rows("topic:t/0")).toEqual([
      [1, "aaa"],
      [2, ""],
      [3, "c"],
    ]);
    expect(outbox.table.pendingOf(1, "topic:t/0")).toMatchObject({ rows: 3, bytes: 4, records: 4, first: 1, last: 3 });
  }));

test("a task that is removed leaves nothing, and other tasks alone [OUT-6]", () =>
  run((outbox) => {
    for (const task of [1, 11]) for (const path of ["topic:t/0", "r2:lake/x"]) outbox.add(path, "a", { task });
    for (const task of [1, 11]) outbox.table.decideFile(task, "r2:lake/x");
    outbox.removeThrough("topic:t/0", 1);
    outbox.table.removeTask(1);
    for (const table of [outbox.table, outbox.reopened()]) {
      expect(Object.keys(byTarget(table)).toSorted()).toEqual(["11 r2:lake/x", "11 topic:t/0"]);
      expect([table.file(1, "r2:lake/x"), table.file(11, "r2:lake/x")?.to]).toEqual([undefined, 1]);
    }
    outbox.add("topic:t/0", "b");
    expect(outbox.rows("topic:t/0")).toEqual([[1, "b"]]);
  }));

const target = fc.constantFrom("topic:t/0", "r2:lake/x", "r2:lake/y");
const call = fc.record({
  kind: fc.constantFrom("add", "add", "add", "remove", "empty", "file"),
  target,
  task: fc.integer({ min: 1, max: 2 }),
  length: fc.nat(5),
  nowMs: fc.nat(9),
});

test("totals are those of the rows, and a restart gives the same [OUT-2]", () =>
  run((outbox) => {
    fc.assert(
      fc.property(fc.array(call, { maxLength: 30, size: "max" }), (calls) => {
        for (const task of [1, 2]) outbox.table.removeTask(task);
        for (const { kind, target, task, length, nowMs } of calls) {
          const pending = outbox.table.pendingOf(task, target);
          if (kind === "add") outbox.add(target, "x".repeat(length), { task, nowMs });
          else if (kind === "file") outbox.table.decideFile(task, target);
          else if (pending === undefined) continue;
          else if (kind === "empty")
            outbox.table.replace(task, target, { sequence: pending.last, records: 0, body: new Uint8Array(0) });
          else outbox.removeThrough(target, pending.first, task);
        }
        const again = outbox.reopened();
        expect(byTarget(again)).toEqual(byTarget(outbox.table));
        expect([again.bytes, again.empty]).toEqual([outbox.table.bytes, outbox.table.empty]);
        expect(again.bytes).toBe(again.pending().reduce((sum, { bytes }) => sum + bytes, 0));
        for (const entry of again.pending()) expect(entry).toMatchObject(countedOf(outbox, entry));
      }),
      { numRuns: 60 },
    );
  }));

function byTarget(table: OutboxTable): Record<string, Pending> {
  return Object.fromEntries(table.pending().map((entry) => [`${entry.task} ${entry.target}`, entry]));
}

function countedOf({ table }: Outbox, { task, target }: Pending): Partial<Pending> {
  const rows = table.rows(task, target, { maxBytes: Number.POSITIVE_INFINITY });
  return {
    rows: rows.length,
    bytes: rows.reduce((sum, { body }) => sum + body.length, 0),
    records: rows.reduce((sum, { records }) => sum + records, 0),
    first: rows[0]?.sequence ?? 0,
    last: rows.at(-1)?.sequence ?? 0,
  };
}

describe("a row that is a copy of a batch of the log", () => {
  const records = ["a", "b"].map((value) => ({ key: null, value, timestampMs: 7, headers: [] }));
  const sent = encodeBatch(records);
  const others = { target: "topic:t/0", records: 2, nowMs: 0 };
  const all = { maxBytes: Number.POSITIVE_INFINITY };

  /** Batches of a producer at offsets 0, 2 and 4. */
  function fill({ sql, table }: Outbox): void {
    const log = new PartitionLog(new SqliteLogStore(sql), 0);
    for (const baseSequence of [0, 2, 4])
      log.append(encodeBatch(records, { producerId: 9, producerEpoch: 1, baseSequence }));
    table.add(1, "topic:t/0", { ...others, body: sent.slice() });
    table.add(1, "topic:t/0", { ...others, body: sent.slice(), copyOf: 2 });
    table.add(1, "topic:t/0", { ...others, body: sent.slice(), copyOf: 4 });
  }

  const written = ({ sql }: Outbox): number =>
    sql.exec<{ bytes: number }>("SELECT sum(length(body)) AS bytes FROM outbox").one().bytes;

  test("is written without its body, and sent as the same bytes from memory and from the log [OUT-9]", () =>
    run((outbox) => {
      fill(outbox);
      expect(written(outbox)).toBe(sent.length);
      for (const table of [outbox.table, outbox.reopened()]) {
        expect(table.rows(1, "topic:t/0", all)).toEqual(
          [1, 2, 3].map((sequence) => ({ sequence, records: 2, body: sent })),
        );
        expect(table.bytes).toBe(3 * sent.length);
        expect(table.pendingOf(1, "topic:t/0")).toMatchObject({ rows: 3, records: 6, bytes: 3 * sent.length });
      }
    }));

  test("needs its batch until it has left, or has been replaced [OUT-9]", () =>
    run((outbox) => {
      expect(outbox.table.oldestCopy).toBe(Infinity);
      fill(outbox);
      expect([outbox.table.oldestCopy, outbox.reopened().oldestCopy]).toEqual([2, 2]);
      outbox.table.replace(1, "topic:t/0", { sequence: 2, records: 1, body: new Uint8Array([120]) });
      expect([outbox.table.oldestCopy, outbox.reopened().oldestCopy]).toEqual([4, 4]);
      expect(outbox.reopened().rows(1, "topic:t/0", all)[1]).toEqual({
        sequence: 2,
        records: 1,
        body: new Uint8Array([120]),
      });
      outbox.removeThrough("topic:t/0", 3);
      expect([outbox.table.oldestCopy, outbox.reopened().oldestCopy]).toEqual([Infinity, Infinity]);
    }));
});
