import { runInDurableObject } from "cloudflare:test";
import { env as bindings } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { defaultConfig } from "../schema/topic-config.ts";
import type { Env } from "./env.ts";
import { batchOf, createTopic, partition, readAll } from "./test/client.ts";
import { evict } from "./test/evict.ts";

const env = bindings as unknown as Env;
const at = Date.now();
let names = 0;
const newTopic = (): Promise<string> => createTopic(env, `partition-${at}-${++names}`);
const append = (topicId: string, batch: Uint8Array) =>
  partition(env, topicId).append({ batch: new Uint8Array(batch), largestRecordBytes: 100 });

describe("a partition's log", () => {
  test("gives dense offsets and reads back what was appended [LOG-1, LOG-6]", async () => {
    const topicId = await newTopic();
    expect(await append(topicId, batchOf([{ key: "a", value: 1 }, { value: 2 }]))).toMatchObject({
      baseOffset: 0,
      lastOffset: 1,
    });
    expect(await append(topicId, batchOf([{ value: 3 }]))).toMatchObject({ baseOffset: 2, duplicate: false });
    const records = await readAll(partition(env, topicId));
    expect(records.map(({ offset, value }) => [offset, value])).toEqual([
      [0, 1],
      [1, 2],
      [2, 3],
    ]);
  });

  test("keeps what it acknowledged through eviction and abort, and goes on counting [LOG-1]", async () => {
    const topicId = await newTopic();
    await append(topicId, batchOf([{ value: 1 }]));
    await evict(partition(env, topicId));
    await append(topicId, batchOf([{ value: 2 }]));
    await expect(async () => partition(env, topicId).crash()).rejects.toThrow("crash asked for");
    expect(await append(topicId, batchOf([{ value: 3 }]))).toMatchObject({ baseOffset: 2 });
    expect((await readAll(partition(env, topicId))).map(({ value }) => value)).toEqual([1, 2, 3]);
  });

  test("stores one of five equal sequenced batches sent at once, and answers all the same [LOG-2, IDP-7]", async () => {
    const topicId = await newTopic();
    const batch = batchOf([{ value: 1 }, { value: 2 }], { producerId: 7, producerEpoch: 0, baseSequence: 0 });
    const answers = await Promise.all(Array.from({ length: 5 }, () => append(topicId, batch)));
    expect(answers.map((answer) => answer.ok && answer.baseOffset)).toEqual([0, 0, 0, 0, 0]);
    expect(answers.filter((answer) => answer.ok && !answer.duplicate)).toHaveLength(1);
    await evict(partition(env, topicId));
    expect(await append(topicId, batch)).toMatchObject({ baseOffset: 0, duplicate: true });
    expect(await readAll(partition(env, topicId))).toHaveLength(2);
  });

  test("gives the memory of a body back as soon as it is stored, and leaves a shared buffer alone [LOG-14]", async () => {
    const topicId = await newTopic();
    const whole = new Uint8Array(batchOf([{ value: 1 }]));
    const shared = new Uint8Array([0, ...batchOf([{ value: 2 }])]);
    const requests = [whole, shared.subarray(1)].map((batch) => ({ batch, largestRecordBytes: 100 }));
    await runInDurableObject(partition(env, topicId), async (object) => {
      for (const request of requests) expect(await object.append(request)).toMatchObject({ ok: true });
    });
    expect([whole.byteLength, shared.byteLength > 1]).toEqual([0, true]);
    expect((await readAll(partition(env, topicId))).map(({ value }) => value)).toEqual([1, 2]);
  });

  test("that was never opened refuses everything and makes no table [LOG-9]", async () => {
    const stub = partition(env, `never-opened-${at}`);
    const unknown = { ok: false, code: "unknown_topic" };
    expect(await stub.append({ batch: batchOf([{ value: 1 }]), largestRecordBytes: 1 })).toMatchObject(unknown);
    expect(await stub.read({ from: "earliest", maxBytes: 1, maxRecords: 1, waitMs: 0 })).toMatchObject(unknown);
    expect(await stub.touch({})).toMatchObject(unknown);
    const tables = await runInDurableObject(stub, (_, state) =>
      state.storage.sql.exec("SELECT name FROM sqlite_master").toArray(),
    );
    expect(tables.filter(({ name }) => !(name as string).startsWith("_cf"))).toEqual([]);
  });

  test("that was deleted stays deleted, also for a late open, and drops its data [LOG-9]", async () => {
    const topicId = await newTopic();
    await append(topicId, batchOf([{ value: 1 }]));
    expect(await partition(env, topicId).erase({})).toEqual({ ok: true });
    expect(await partition(env, topicId).describe({})).toMatchObject({ ok: false, code: "unknown_topic" });
    expect(
      await partition(env, topicId).open({ topic: "t", topicId, partition: 0, config: defaultConfig }),
    ).toMatchObject({
      ok: false,
    });
    await evict(partition(env, topicId));
    expect(await partition(env, topicId).describe({})).toMatchObject({ ok: false, code: "unknown_topic" });
  });

  test("wakes a long poll with the append it waits for, and answers empty when nothing comes [LOG-10]", async () => {
    const topicId = await newTopic();
    const waiting = partition(env, topicId).read({
      from: { offset: 0 },
      maxBytes: 1000,
      maxRecords: 10,
      waitMs: 20_000,
    });
    await append(topicId, batchOf([{ value: 1 }]));
    expect(await waiting).toMatchObject({ ok: true, logEndOffset: 1 });
    const empty = await partition(env, topicId).read({ from: "latest", maxBytes: 1000, maxRecords: 10, waitMs: 10 });
    expect(empty).toMatchObject({ ok: true, startOffset: 1, logEndOffset: 1 });
  });

  test("refuses an offset beyond its end and names the end [LOG-6]", async () => {
    const topicId = await newTopic();
    const answer = await partition(env, topicId).read({
      from: { offset: 9 },
      maxBytes: 1000,
      maxRecords: 10,
      waitMs: 0,
    });
    expect(answer).toMatchObject({ ok: false, code: "offset_out_of_range", message: "offset 9 is beyond log end 0" });
  });

  test("refuses a CreateTime too far ahead, and stamps LogAppendTime [LOG-11]", async () => {
    const topicId = await newTopic();
    const future = Date.now() + 3_700_000;
    expect(await append(topicId, batchOf([{ value: 1, timestampMs: future }]))).toMatchObject({
      ok: false,
      code: "invalid_timestamp",
    });
    const described = await partition(env, topicId).describe({});
    expect(described).toMatchObject({ ok: true, logEndOffset: 0, lastTimestamp: -1 });
  });

  test("writes one row an append, two with a producer [LOG-12]", async () => {
    const topicId = await newTopic();
    await append(topicId, batchOf([{ value: 0 }]));
    const rows = async (batch: Uint8Array<ArrayBuffer>): Promise<number> =>
      runInDurableObject(partition(env, topicId), async (object, state) => {
        const written = (): number => Number(state.storage.sql.exec("SELECT total_changes() AS n").one()["n"]);
        const before = written();
        await object.append({ batch, largestRecordBytes: 1 });
        return written() - before;
      });
    expect(await rows(batchOf([{ value: 1 }]))).toBe(1);
    expect(await rows(batchOf([{ value: 1 }], { producerId: 3, producerEpoch: 0, baseSequence: 0 }))).toBe(2);
  });

  test("takes each row of a source once, in order, and refuses a gap [ENG-6]", async () => {
    const topicId = await newTopic();
    const rows = [1, 2, 3].map((sequence) => ({ sequence, batch: batchOf([{ value: sequence }]) }));
    const deliver = (some: typeof rows) => partition(env, topicId).deliver({ source: "p/1/t/0", rows: some });
    expect(await deliver(rows.slice(0, 2))).toEqual({ ok: true, last: 2 });
    expect(await deliver(rows)).toEqual({ ok: true, last: 3 });
    expect(await deliver(rows)).toEqual({ ok: true, last: 3 });
    expect(await deliver([{ sequence: 5, batch: batchOf([{ value: 5 }]) }])).toMatchObject({
      ok: false,
      code: "out_of_order_sequence",
    });
    expect((await readAll(partition(env, topicId))).map(({ value }) => value)).toEqual([1, 2, 3]);
  });
});
