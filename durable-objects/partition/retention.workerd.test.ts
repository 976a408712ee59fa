import { expect, test } from "vitest";
import { PRODUCER_EXPIRY_MS } from "../../schema/limits.ts";
import { encodeBatch } from "../../schema/record-batch/encode.ts";
import { inPartitionStorage } from "../test/bare-storage.ts";
import { loadedPartition } from "../test/loaded-partition.ts";
import type { Loaded } from "./loaded.ts";
import { armRetention, retain, RETENTION_TIMER } from "./retention.ts";

const NOW = 1_700_000_000_000;

/** One record a batch. */
function fill({ log }: Loaded, timestamps: readonly number[]): void {
  for (const timestampMs of timestamps) log.append(encodeBatch([{ key: null, value: "v", timestampMs, headers: [] }]));
}

test("what is older than retentionMs goes, and the log is looked at again while it has anything [LOG-8]", () =>
  inPartitionStorage((storage) => {
    const loaded = loadedPartition(storage, { retentionMs: 1_000 });
    fill(loaded, [NOW, NOW + 1, NOW + 2]);
    expect(retain(loaded, NOW + 1_000)).toBeUndefined();
    expect(retain(loaded, NOW + 1_001)).toBe(1);
    expect(loaded.timers.get(RETENTION_TIMER)).toBe(NOW + 1_001 + 600_000);
    loaded.timers.clear(RETENTION_TIMER);
    expect(retain(loaded, NOW + 9_000)).toBe(3);
    expect(loaded.timers.get(RETENTION_TIMER)).toBeUndefined();
    expect([loaded.log.logStartOffset, loaded.log.logEndOffset]).toEqual([3, 3]);
  }));

test("what is beyond retentionBytes goes, -1 keeps it all [LOG-8]", () =>
  inPartitionStorage((storage) => {
    fill(loadedPartition(storage), [1, 2, 3, 4]);
    expect(retain(loadedPartition(storage), NOW)).toBeUndefined();
    const { bytes } = loadedPartition(storage).log;
    expect(retain(loadedPartition(storage, { retentionBytes: bytes / 2 }), NOW)).toBe(2);
  }));

test("nothing that an attached task has not read goes, whatever its state; a detached one holds nothing [LOG-8]", () =>
  inPartitionStorage((storage) => {
    const open = (): Loaded => loadedPartition(storage, { retentionBytes: 0 });
    const loaded = open();
    fill(loaded, [1, 2, 3, 4]);
    const id = loaded.taskTable.insert(
      {
        pipeline: "p",
        version: 1,
        incarnation: 1,
        from: "earliest",
        input: "orders",
        outputs: {},
        upstreams: [],
        wiring: "",
      },
      { startOffset: 2, sinks: [] },
    );
    loaded.taskTable.setState(id, "failed", "a bug");
    expect(retain(open(), NOW)).toBe(2);
    storage.sql.exec("UPDATE partition SET log_start_offset = 2");
    expect(retain(open(), NOW)).toBeUndefined();
    loaded.taskTable.detach(id);
    expect(retain(open(), NOW)).toBe(4);
  }));

test("many batches go in slices, a second apart [LOG-8]", () =>
  inPartitionStorage((storage) => {
    const loaded = loadedPartition(storage, { retentionMs: 1_000 });
    fill(loaded, Array<number>(1_500).fill(1));
    expect(retain(loaded, NOW)).toBe(1_000);
    expect(loaded.timers.get(RETENTION_TIMER)).toBe(NOW + 1_000);
    expect(retain(loaded, NOW + 1_000)).toBe(1_500);
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
    const id = taskTable.insert(request, { startOffset: 0, sinks: [] });
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
    storage.sql.exec("UPDATE partition SET log_start_offset = 2");
    retain(open(-1), NOW + 9_000);
    expect(seqs()).toEqual([3, 4, 5, 6, 7]);
    retain(open(1_000), NOW + 1_025);
    expect(seqs()).toEqual([6, 7]);
    storage.sql.exec("UPDATE partition SET log_start_offset = 3");
    retain(open(1_000), NOW + 9_000);
    expect(seqs()).toEqual([7]);
    // Batches are numbered on from there.
    expect(taskTable.lastBatchId(id)).toBe(34);
  }));
