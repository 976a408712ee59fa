import { expect, test } from "vitest";
import { PRODUCER_EXPIRY_MS } from "../../schema/limits.ts";
import { encodeBatch } from "../../schema/record-batch/encode.ts";
import { inPartitionStorage } from "../test/bare-storage.ts";
import { loadedPartition } from "../test/loaded-partition.ts";
import { type Loaded, readPartitionRow } from "./loaded.ts";
import { armRetention, retain, RETENTION_TIMER, trim } from "./retention.ts";

const NOW = 1_700_000_000_000;

/** Where the log starts after a run of retention; undefined where that did not move. */
function startAfter(loaded: Loaded, nowMs: number): number | undefined {
  return retain(loaded, nowMs) ? loaded.log.logStartOffset : undefined;
}

/** One record a batch. */
function fill({ log }: Loaded, timestamps: readonly number[]): void {
  for (const timestampMs of timestamps) log.append(encodeBatch([{ key: null, value: "v", timestampMs, headers: [] }]));
}

test("what is older than retentionMs goes, and the log is looked at again while it has anything [LOG-8]", () =>
  inPartitionStorage((storage) => {
    const loaded = loadedPartition(storage, { retentionMs: 1_000 });
    fill(loaded, [NOW, NOW + 1, NOW + 2]);
    expect(startAfter(loaded, NOW + 1_000)).toBeUndefined();
    expect(startAfter(loaded, NOW + 1_001)).toBe(1);
    expect(loaded.timers.get(RETENTION_TIMER)).toBe(NOW + 1_001 + 600_000);
    loaded.timers.clear(RETENTION_TIMER);
    expect(startAfter(loaded, NOW + 9_000)).toBe(3);
    expect(loaded.timers.get(RETENTION_TIMER)).toBeUndefined();
    expect([loaded.log.logStartOffset, loaded.log.logEndOffset]).toEqual([3, 3]);
  }));

test("what is beyond retentionBytes goes, -1 keeps it all [LOG-8]", () =>
  inPartitionStorage((storage) => {
    fill(loadedPartition(storage), [1, 2, 3, 4]);
    expect(startAfter(loadedPartition(storage), NOW)).toBeUndefined();
    const { bytes } = loadedPartition(storage).log;
    expect(startAfter(loadedPartition(storage, { retentionBytes: bytes / 2 }), NOW)).toBe(2);
  }));

/** At offset 2, and it has failed. */
function attach({ taskTable }: Loaded): number {
  const request = { version: 1, incarnation: 1, from: "earliest", outputs: {}, upstreams: [], wiring: "" } as const;
  const id = taskTable.insert(
    { ...request, pipeline: "p", input: "orders" },
    { startOffset: 2, sinks: [], layout: "" },
  );
  taskTable.setState(id, "failed", "a bug");
  return id;
}

test("nothing that an attached task has not read goes, whatever its state; a detached one holds nothing [LOG-8]", () =>
  inPartitionStorage((storage) => {
    const open = (): Loaded => loadedPartition(storage, { retentionBytes: 0 });
    const loaded = open();
    fill(loaded, [1, 2, 3, 4]);
    const id = attach(loaded);
    expect(startAfter(open(), NOW)).toBe(2);
    expect(startAfter(open(), NOW)).toBeUndefined();
    loaded.taskTable.detach(id);
    expect(startAfter(open(), NOW)).toBe(4);
  }));

test("it does not wait for tasks where the topic does not hold for them, and `trim` nowhere [LOG-8, LOG-15]", () =>
  inPartitionStorage((storage) => {
    const loaded = loadedPartition(storage);
    fill(loaded, [1, 2, 3, 4, 5]);
    attach(loaded);
    expect(trim(loadedPartition(storage), 4, NOW)).toEqual({ ok: true, logStartOffset: 4 });
    expect(trim(loadedPartition(storage), 1, NOW)).toEqual({ ok: true, logStartOffset: 4 });
    expect(trim(loadedPartition(storage), 6, NOW)).toMatchObject({
      ok: false,
      code: "offset_out_of_range",
      extra: { logStartOffset: 4, logEndOffset: 5 },
    });
    expect(startAfter(loadedPartition(storage, { retentionBytes: 0 }), NOW)).toBeUndefined();
    expect(startAfter(loadedPartition(storage, { retentionBytes: 0, holdForPipelines: false }), NOW)).toBe(5);
    expect(loadedPartition(storage).log).toMatchObject({ logStartOffset: 5, logEndOffset: 5 });
  }));

test("settings stored before there was `holdForPipelines` hold [LOG-8]", () =>
  inPartitionStorage((storage) => {
    loadedPartition(storage);
    storage.sql.exec("UPDATE partition SET config = json_remove(config, '$.holdForPipelines')");
    expect(readPartitionRow(storage.sql)?.config.holdForPipelines).toBe(true);
  }));

test("many batches are erased in slices, a second apart, of retention and of `trim` [LOG-8, LOG-15]", () =>
  inPartitionStorage((storage) => {
    const stored = (): number => storage.sql.exec<{ n: number }>("SELECT count(*) AS n FROM batch").one().n;
    const loaded = loadedPartition(storage, { retentionMs: 1_000 });
    fill(loaded, Array<number>(1_500).fill(1));
    expect(startAfter(loaded, NOW)).toBe(1_500);
    expect([stored(), loaded.timers.get(RETENTION_TIMER)]).toEqual([500, NOW + 1_000]);
    expect(startAfter(loaded, NOW + 1_000)).toBeUndefined();
    expect([stored(), loaded.timers.get(RETENTION_TIMER)]).toEqual([0, NOW + 1_000]);
    fill(loaded, Array<number>(1_500).fill(NOW));
    expect(trim(loaded, 2_999, NOW)).toEqual({ ok: true, logStartOffset: 2_999 });
    expect([stored(), loaded.timers.get(RETENTION_TIMER)]).toEqual([500, NOW + 1_000]);
    retain(loaded, NOW + 1_000);
    expect([stored(), loaded.log.logStartOffset]).toEqual([1, 2_999]);
  }));

test("it forgets producers silent for seven days [IDP-13]", () =>
  inPartitionStorage((storage) => {
    const loaded = loadedPartition(storage);
    for (const [id, seenMs] of [
      ["request:old", NOW - PRODUCER_EXPIRY_MS - 1],
      ["request:new", NOW - PRODUCER_EXPIRY_MS],
    ] as const) {
      loaded.producers.set(id, { epoch: 0, start: 0, recent: [] }, seenMs);
    }
    retain(loaded, NOW);
    expect(loaded.producers.get("request:old")).toBeUndefined();
    expect(loaded.producers.get("request:new")).toMatchObject({ epoch: 0 });
  }));

test("the first append arms the timer, the next leave it [LOG-8]", () =>
  inPartitionStorage((storage) => {
    const loaded = loadedPartition(storage);
    armRetention(loaded, NOW);
    armRetention(loaded, NOW + 5);
    expect(loaded.timers.get(RETENTION_TIMER)).toBe(NOW + 600_000);
  }));

test("the journal goes with the log, and where nothing comes after the time that the log keeps records [ENG-29]", () =>
  inPartitionStorage((storage) => {
    const open = (retentionMs: number): Loaded => loadedPartition(storage, { retentionMs });
    const loaded = open(1_000);
    const { taskTable } = loaded;
    const attached = { pipeline: "p", version: 1, incarnation: 1, from: "earliest", input: "orders" } as const;
    const request = { ...attached, outputs: {}, upstreams: [], wiring: "" };
    const id = taskTable.insert(request, { startOffset: 0, sinks: [], layout: "" });
    const seqs = (): unknown[] =>
      storage.sql
        .exec("SELECT seq FROM journal ORDER BY seq")
        .toArray()
        .map(({ seq }) => seq);
    taskTable.journalMicroBatch(id, { batchId: 1, from: 0, to: 2, nowMs: NOW });
    taskTable.decideTick(id, 2, { nowMs: NOW + 1, batchId: 2, batched: true });
    taskTable.journalMicroBatch(id, { batchId: 3, from: 2, to: 3, nowMs: NOW + 2 });
    for (const ms of [10, 20, 30]) taskTable.decideTick(id, 3, { nowMs: NOW + ms, batchId: 3 + ms, batched: true });
    taskTable.journalClock(id, 3, { wallClockMs: NOW + 40, batchId: 34 });
    fill(loaded, [NOW, NOW + 1, NOW + 2]);
    storage.sql.exec("UPDATE task SET position = 3");
    retain(open(1_000), NOW + 500);
    expect(seqs()).toEqual([1, 2, 3, 4, 5, 6, 7]);
    retain(open(1_000), NOW + 1_002);
    // The third record is there still, and so is its batch.
    expect(seqs()).toEqual([3, 4, 5, 6, 7]);
    retain(open(-1), NOW + 9_000);
    expect(seqs()).toEqual([3, 4, 5, 6, 7]);
    retain(open(1_000), NOW + 1_025);
    expect(seqs()).toEqual([6, 7]);
    retain(open(1_000), NOW + 9_000);
    expect(seqs()).toEqual([7]);
    // Batches are numbered on from there.
    expect(taskTable.lastBatchId(id)).toBe(34);
  }));

test("batches that the outbox still sends are erased when they have left, though the log starts behind them [OUT-9]", () =>
  inPartitionStorage((storage) => {
    const stored = (): unknown[] =>
      [...storage.sql.exec("SELECT base_offset FROM batch ORDER BY base_offset").raw()].flat();
    const loaded = loadedPartition(storage, { retentionBytes: 0 });
    fill(loaded, [1, 2, 3, 4, 5]);
    const row = { target: "topic:t/0", records: 1, body: new Uint8Array(1), nowMs: NOW };
    loaded.outbox.add(7, "topic:t/0", { ...row, copyOf: 2 });
    loaded.outbox.add(7, "topic:t/0", { ...row, copyOf: 3 });
    expect(trim(loaded, 3, NOW)).toEqual({ ok: true, logStartOffset: 3 });
    expect(stored()).toEqual([2, 3, 4]);
    expect(startAfter(loaded, NOW)).toBe(5);
    expect(stored()).toEqual([2, 3, 4]);
    // Nothing is to be hurried until they leave.
    expect(loaded.timers.get(RETENTION_TIMER)).toBe(NOW + 600_000);
    loaded.outbox.removeThrough(7, "topic:t/0", { scope: "topic:t/0", to: 1 });
    expect(startAfter(loaded, NOW)).toBeUndefined();
    expect(stored()).toEqual([3, 4]);
    expect(loadedPartition(storage).log).toMatchObject({ logStartOffset: 5, logEndOffset: 5 });
    loaded.outbox.removeThrough(7, "topic:t/0", { scope: "topic:t/0", to: 2 });
    retain(loaded, NOW);
    expect(stored()).toEqual([]);
  }));
