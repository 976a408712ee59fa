import { describe, expect, test } from "vitest";
import { DEFAULT_TIMESTAMP_AHEAD_MS, MAX_RECORD_BYTES } from "../../schema/limits.ts";
import type { Bytes } from "../../schema/record.ts";
import { decodeRecords } from "../../schema/record-batch/decode.ts";
import { encodeBatch, type ProducerFields } from "../../schema/record-batch/encode.ts";
import type { AppendRequest, RequestSequence } from "../../schema/rpc/log.ts";
import { decompress } from "../gzip.ts";
import { inPartitionStorage } from "../test/bare-storage.ts";
import { loadedPartition } from "../test/loaded-partition.ts";
import { append, deliver } from "./appender.ts";
import type { Loaded } from "./loaded.ts";

const NOW = 1_700_000_000_000;
const NO_LIMIT = { maxBytes: Number.POSITIVE_INFINITY, maxRecords: Number.POSITIVE_INFINITY };

function batchOf(values: readonly string[], fields: ProducerFields = {}, timestampMs = NOW): Bytes {
  return encodeBatch(
    values.map((value) => ({ key: null, value, timestampMs, headers: [] })),
    fields,
  );
}

function requestOf(batch: Bytes, requestSequence?: RequestSequence): AppendRequest {
  return { batch, largestRecordBytes: 1, requestSequence };
}

const idempotent = (baseSequence: number, producerEpoch = 0): ProducerFields => ({
  producerId: 7,
  producerEpoch,
  baseSequence,
});
const numbered = (sequence: number, fingerprint = 1): RequestSequence => ({
  producerId: "7",
  epoch: 0,
  sequence,
  fingerprint,
});

function valuesOf({ log }: Loaded): string[] {
  const text = new TextDecoder();
  return [...log.records(log.logStartOffset, NO_LIMIT, decompress)].map(({ value }) =>
    value === null ? "" : text.decode(value),
  );
}

/** The same storage, and how many rows its statements have written so far. */
function counting(storage: DurableObjectStorage): { storage: DurableObjectStorage; written: () => number } {
  const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
  const sql = {
    exec: (query: string, ...bindings: unknown[]) => {
      const cursor = storage.sql.exec(query, ...bindings);
      cursors.push(cursor);
      return cursor;
    },
  };
  const written = (): number => cursors.reduce((sum, cursor) => sum + cursor.rowsWritten, 0);
  return { storage: { sql } as unknown as DurableObjectStorage, written };
}

describe("an append writes", () => {
  test.each([
    ["one row: its batch", 1, () => requestOf(batchOf(["a", "b"]))],
    ["two with an idempotent producer's batch", 2, (turn: number) => requestOf(batchOf(["a"], idempotent(turn)))],
    ["two with a request's sequence", 2, (turn: number) => requestOf(batchOf(["a"]), numbered(turn))],
  ])("%s [LOG-12]", (_, rows, request) =>
    inPartitionStorage((real) => {
      loadedPartition(real);
      const { storage, written } = counting(real);
      const loaded = loadedPartition(storage);
      for (let turn = 0; turn < 3; turn++) {
        const before = written();
        expect(append(loaded, request(turn), NOW)).toMatchObject({ ok: true, duplicate: false });
        expect(written() - before).toBe(rows);
      }
      const before = written();
      append(loaded, request(2), NOW);
      expect(written() - before).toBe(rows === 1 ? 1 : 0);
    }),
  );
});

describe("a producer", () => {
  test("is known again after a restart [IDP-2, IDP-7]", () =>
    inPartitionStorage((storage) => {
      append(loadedPartition(storage), requestOf(batchOf(["a", "b"], idempotent(0))), NOW);
      append(loadedPartition(storage), requestOf(batchOf(["c"]), numbered(4)), NOW);
      const loaded = loadedPartition(storage);
      expect(append(loaded, requestOf(batchOf(["a", "b"], idempotent(0))), NOW)).toEqual({
        ok: true,
        duplicate: true,
        baseOffset: 0,
        lastOffset: 1,
      });
      expect(append(loaded, requestOf(batchOf(["c"]), numbered(4)), NOW)).toEqual({
        ok: true,
        duplicate: true,
        baseOffset: 2,
        lastOffset: 2,
      });
      expect(append(loaded, requestOf(batchOf(["x", "y"], idempotent(0))), NOW)).toMatchObject({
        code: "sequence_reused",
      });
      expect(append(loaded, requestOf(batchOf(["d"], idempotent(3))), NOW)).toMatchObject({
        extra: { expectedSequence: 2 },
      });
      expect(valuesOf(loaded)).toEqual(["a", "b", "c"]);
    }));

  test("of requests and one of batches with the same id never meet [IDP-12]", () =>
    inPartitionStorage((storage) => {
      const loaded = loadedPartition(storage);
      append(loaded, requestOf(batchOf(["a"]), numbered(900)), NOW);
      expect(append(loaded, requestOf(batchOf(["b"], idempotent(5))), NOW)).toMatchObject({ ok: true, baseOffset: 1 });
      expect(append(loaded, requestOf(batchOf(["c"]), numbered(901)), NOW)).toMatchObject({ ok: true, baseOffset: 2 });
      expect(append(loaded, requestOf(batchOf(["d"], idempotent(6))), NOW)).toMatchObject({ ok: true, baseOffset: 3 });
    }));

  test("gets the answer to a retry even when the topic's settings have become stricter [IDP-11]", () =>
    inPartitionStorage((storage) => {
      const request = (): AppendRequest => ({ ...requestOf(batchOf(["a"], idempotent(0))), largestRecordBytes: 500 });
      append(loadedPartition(storage), request(), NOW);
      const strict = loadedPartition(storage, { maxRecordBytes: 100, timestampAheadMs: 0 });
      expect(append(strict, request(), NOW - 1)).toEqual({ ok: true, duplicate: true, baseOffset: 0, lastOffset: 0 });
    }));

  test("whose batch was refused may send that sequence again [IDP-11]", () =>
    inPartitionStorage((storage) => {
      const loaded = loadedPartition(storage);
      const large = { ...requestOf(batchOf(["a"], idempotent(0))), largestRecordBytes: MAX_RECORD_BYTES + 1 };
      expect(append(loaded, large, NOW)).toMatchObject({ code: "record_too_large" });
      expect(append(loaded, requestOf(batchOf(["b"], idempotent(0))), NOW)).toMatchObject({
        ok: true,
        duplicate: false,
        baseOffset: 0,
      });
    }));

  test("is forgotten, in memory too, once it was not seen since a time [IDP-13]", () =>
    inPartitionStorage((storage) => {
      const loaded = loadedPartition(storage);
      append(loaded, requestOf(batchOf(["a"], idempotent(5))), NOW);
      loaded.producers.expire(NOW);
      expect(append(loaded, requestOf(batchOf(["b"], idempotent(0))), NOW)).toMatchObject({ retriable: false });
      loaded.producers.expire(NOW + 1);
      for (const known of [loaded, loadedPartition(storage)]) expect(known.producers.get("batch:7")).toBeUndefined();
      expect(append(loaded, requestOf(batchOf(["c"], idempotent(0))), NOW)).toMatchObject({ ok: true, baseOffset: 1 });
    }));
});

describe("the topic's settings", () => {
  test("bound the time of records, unless the log gives it its own [LOG-13]", () =>
    inPartitionStorage((storage) => {
      const latest = NOW + DEFAULT_TIMESTAMP_AHEAD_MS;
      const loaded = loadedPartition(storage);
      expect(append(loaded, requestOf(batchOf(["a"], {}, latest)), NOW)).toMatchObject({ ok: true });
      expect(append(loaded, requestOf(batchOf(["b"], {}, latest + 1)), NOW)).toMatchObject({
        code: "invalid_timestamp",
        message: `timestamp ${latest + 1} is more than 3600000 ms ahead of the clock`,
      });
      const own = loadedPartition(storage, { timestampType: "LogAppendTime" });
      expect(append(own, requestOf(batchOf(["c", "d"], {}, latest + 1)), NOW)).toMatchObject({
        ok: true,
        baseOffset: 1,
      });
      const times = own.log
        .read(1, NO_LIMIT)
        .bodies.flatMap((body) => decodeRecords(body, decompress))
        .map((record) => record.timestampMs);
      expect(times).toEqual([NOW, NOW]);
    }));
});

describe("deliver", () => {
  const rowOf = (sequence: number): { sequence: number; batch: Bytes } => ({
    sequence,
    batch: batchOf([`${sequence}`]),
  });

  test("takes the rows of every source once and in order [ENG-6]", () =>
    inPartitionStorage((storage) => {
      const loaded = loadedPartition(storage);
      const from = (source: string, ...rows: { sequence: number; batch: Bytes }[]): unknown =>
        deliver(loaded, storage.sql, { source, rows, nowMs: NOW });
      expect(from("a", rowOf(1), rowOf(2))).toEqual({ ok: true, last: 2 });
      expect(from("a", rowOf(1), rowOf(2), rowOf(3))).toEqual({ ok: true, last: 3 });
      expect(from("a", rowOf(2))).toEqual({ ok: true, last: 3 });
      expect(from("b", rowOf(1))).toEqual({ ok: true, last: 1 });
      expect(from("a", rowOf(4), rowOf(6))).toEqual({ ok: true, last: 4 });
      expect(from("a", rowOf(6))).toMatchObject({ code: "out_of_order_sequence", extra: { expectedSequence: 5 } });
      expect(from("c")).toEqual({ ok: true, last: 0 });
      expect(valuesOf(loaded)).toEqual(["1", "2", "3", "1", "4"]);
    }));

  test("counts an empty row as taken and stores nothing [ENG-6]", () =>
    inPartitionStorage((storage) => {
      const loaded = loadedPartition(storage);
      const rows = [{ sequence: 1, batch: new Uint8Array(0) }, rowOf(2)];
      expect(deliver(loaded, storage.sql, { source: "a", rows, nowMs: NOW })).toEqual({ ok: true, last: 2 });
      expect(valuesOf(loaded)).toEqual(["2"]);
      expect(deliver(loadedPartition(storage), storage.sql, { source: "a", rows, nowMs: NOW })).toEqual({
        ok: true,
        last: 2,
      });
    }));
});
