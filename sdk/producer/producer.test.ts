import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import * as rules from "../../durable-objects/core/log/producer-state.ts";
import { MAX_RECORDS_PER_REQUEST } from "../../schema/limits.ts";
import { partitionForKey } from "../../schema/murmur2.ts";
import { readHeader } from "../../schema/record-batch/decode.ts";
import { readUtf8 } from "../../schema/utf8.ts";
import { Millrace } from "../millrace.ts";
import { systemClock } from "../clock.ts";
import { network, type Passage } from "../test/network.ts";
import { appends, inTurn, world, type WorldOptions } from "../test/world.ts";
import { POISON } from "../test/fake-partition.ts";

type Options = Omit<WorldOptions<rules.ProducerState>, "rules" | "decompress">;

function start(options: Options = {}) {
  return world({ rules, decompress: (_codec, data) => gunzipSync(data), ...options });
}

type World = ReturnType<typeof start>;

function textsOf({ fake }: World, partition = 0): readonly string[] {
  return fake.partition("t", partition).records.map(({ value }) => (value === null ? "tombstone" : readUtf8(value)));
}

function batchSizes({ fake }: World, partition = 0): readonly number[] {
  return fake.partition("t", partition).batches.map((batch) => readHeader(batch).recordCount);
}

const bad = (passage: Passage) => inTurn(appends, [passage]);

describe("batches", () => {
  test("records of one moment go as one batch, after lingerMs [SDK-12]", async () => {
    const all = start();
    const producer = all.client.producer({ lingerMs: 5 });
    const sent = ["a", "b", "c"].map((text) => producer.send("t", { text }));
    expect(await all.clock.run(Promise.all(sent))).toEqual([
      { partition: 0, offset: 0 },
      { partition: 0, offset: 1 },
      { partition: 0, offset: 2 },
    ]);
    expect(batchSizes(all)).toEqual([3]);
  });

  test("a batch is closed when it is full, by bytes or records [SDK-12]", async () => {
    const bytes = start();
    await bytes.clock.run(bytes.client.producer({ batchBytes: 1_000 }).sendAll("t", texts(20, 100)));
    expect(Math.max(...bytes.fake.partition("t", 0).batches.map(({ length }) => length))).toBeLessThanOrEqual(1_000);
    expect(batchSizes(bytes).length).toBeGreaterThan(2);

    const usual = start();
    const values = Array.from({ length: 30 }, () => ({ value: new Uint8Array(50_000) }));
    await usual.clock.run(usual.client.producer().sendAll("t", values));
    const largest = Math.max(...usual.fake.partition("t", 0).batches.map(({ length }) => length));
    expect([largest > 500_000, largest <= 600_000]).toEqual([true, true]);

    const records = start();
    await records.clock.run(records.client.producer().sendAll("t", texts(MAX_RECORDS_PER_REQUEST + 1, 1)));
    expect(batchSizes(records)).toEqual([MAX_RECORDS_PER_REQUEST, 1]);
  });

  test("a record above batchBytes makes a batch of its own [SDK-12]", async () => {
    const all = start();
    const producer = all.client.producer({ batchBytes: 200 });
    const sent = [1, 500, 1].map((size) => producer.send("t", { value: new Uint8Array(size) }));
    await all.clock.run(Promise.all(sent));
    expect(batchSizes(all)).toEqual([1, 1, 1]);
  });

  test("while no flight is free the open batch goes on growing [SDK-12]", async () => {
    const all = start({ passageOf: bad({ answersMs: 200 }) });
    const producer = all.client.producer({ lingerMs: 1 });
    const sent = [];
    for (let index = 0; index < 10; index++) {
      sent.push(producer.send("t", { text: String(index) }));
      await all.clock.pass(10);
    }
    await all.clock.run(Promise.all(sent));
    expect(batchSizes(all)).toEqual([1, 9]);
  });

  test("five are under way at once [SDK-21]", async () => {
    let open = 0;
    let most = 0;
    const all = start({
      passageOf: (request) => {
        if (!appends(request)) return undefined;
        most = Math.max(most, ++open);
        all.clock.timer(20, () => open--);
        return { arrivesMs: [10], answersMs: 10 };
      },
    });
    await all.clock.run(all.client.producer({ batchBytes: 100 }).sendAll("t", texts(40, 30)));
    expect(most).toBe(5);
  });

  test("gzip is used where it makes the batch smaller [SDK-17]", async () => {
    const all = start();
    // The platform's gzip ends outside a clock that stands still.
    const client = new Millrace({ url: "http://fake", fetch: network(all.fake, systemClock), clock: systemClock });
    const producer = client.producer({ compression: "gzip", lingerMs: 1 });
    await producer.sendAll("t", texts(100, 100));
    await producer.send("t", { text: "x" });
    const codecs = all.fake.partition("t", 0).batches.map((batch) => readHeader(batch).codec);
    expect(codecs).toEqual(["gzip", "none"]);
    expect(textsOf(all).length).toBe(101);
  });
});

describe("placement", () => {
  test("a key's records go to the partition that Kafka's partitioner gives it [SDK-11]", async () => {
    const all = start({ partitions: 5 });
    const producer = all.client.producer();
    for (const key of ["a", "ä", "user-17", ""]) {
      const bytes = new TextEncoder().encode(key);
      const [text, binary] = await all.clock.run(
        Promise.all([producer.send("t", { key, value: 1 }), producer.send("t", { key: bytes, value: 1 })]),
      );
      expect(text?.partition).toBe(partitionForKey(bytes, 5));
      expect(binary?.partition).toBe(partitionForKey(bytes, 5));
    }
  });

  test("a partition that is asked for goes before the key [SDK-11]", async () => {
    const { clock, client } = start({ partitions: 5 });
    const producer = client.producer();
    expect(await clock.run(producer.send("t", { key: "a", value: 1, partition: 4 }))).toMatchObject({ partition: 4 });
    for (const partition of [5, -1, 0.5]) {
      const sent = producer.send("t", { key: "a", value: 1, partition });
      await expect(clock.run(sent)).rejects.toMatchObject({ code: "unknown_partition", retriable: false });
    }
  });

  test("records without a key fill one batch before they go to the next partition [SDK-11]", async () => {
    const all = start({ partitions: 4 });
    const producer = all.client.producer();
    for (let round = 0; round < 4; round++) await all.clock.run(producer.sendAll("t", texts(10, 1)));
    for (let partition = 0; partition < 4; partition++) expect(batchSizes(all, partition)).toEqual([10]);
  });
});

describe("trouble", () => {
  test("an unknown topic fails its records and is asked for again", async () => {
    const { clock, fake, client } = start();
    const producer = client.producer();
    await expect(clock.run(producer.send("new", { value: 1 }))).rejects.toMatchObject({ code: "unknown_topic" });
    fake.create("new", 1);
    expect(await clock.run(producer.send("new", { value: 1 }))).toEqual({ partition: 0, offset: 0 });
  });

  test("a lost answer is asked for again with the same sequence, and counts as stored [SDK-20]", async () => {
    const all = start({ passageOf: bad({ answersMs: "lost" }), retry: { timeoutMs: 1_000 } });
    expect(await all.clock.run(all.client.producer().send("t", { text: "a" }))).toEqual({ partition: 0, offset: 0 });
    expect(textsOf(all)).toEqual(["a"]);
    expect(all.fake.handled.filter((request) => request.includes("POST /v1/topics")).length).toBe(2);
  });

  test("429 and 503 hold the partition back for Retry-After, and no other [SDK-18]", async () => {
    for (const status of [429, 503] as const) {
      const all = start({ partitions: 2, passageOf: bad({ status, retryAfter: "7" }) });
      const producer = all.client.producer();
      const began = all.clock.nowMs();
      const slow = producer.send("t", { partition: 0, text: "slow" });
      const other = producer.send("t", { partition: 1, text: "other" });
      await all.clock.run(other);
      expect(all.clock.nowMs() - began).toBeLessThan(100);
      await all.clock.run(slow);
      expect(all.clock.nowMs() - began).toBeGreaterThanOrEqual(7_000);
      expect(all.clock.nowMs() - began).toBeLessThan(7_500);
    }
  });

  test("a batch refused for good fails alone: the next takes its sequence [SDK-23]", async () => {
    const all = start();
    const producer = all.client.producer({ lingerMs: 0 });
    await all.clock.run(producer.send("t", { text: "a" }));
    const poison = producer.send("t", { value: POISON });
    await expect(all.clock.run(poison)).rejects.toMatchObject({
      code: "invalid_timestamp",
      retriable: false,
      details: { topic: "t", partition: 0, stored: "no" },
    });
    await all.clock.run(producer.send("t", { text: "b" }));
    expect(textsOf(all)).toEqual(["a", "b"]);
    expect(await producer.identity()).toMatchObject({ producerEpoch: 0 });
  });

  test("a batch not acknowledged in deliveryTimeoutMs is given up, and later ones go on [SDK-25]", async () => {
    let down = false;
    const all = start({ passageOf: (request) => (down && appends(request) ? { answersMs: "reset" } : undefined) });
    const producer = all.client.producer({ deliveryTimeoutMs: 5_000 });
    await all.clock.run(producer.send("t", { text: "first" }));
    down = true;
    const began = all.clock.nowMs();
    const lost = producer.send("t", { text: "lost" });
    await expect(all.clock.run(lost)).rejects.toMatchObject({
      code: "timed_out",
      retriable: false,
      details: { stored: "unknown" },
    });
    expect(all.clock.nowMs() - began).toBe(5_000);
    down = false;
    await all.clock.run(producer.send("t", { text: "next" }));
    // The answer was reset, but the record had come: nobody could know.
    expect(textsOf(all)).toEqual(["first", "lost", "next"]);
    expect(await producer.identity()).toMatchObject({ producerEpoch: 1 });
  });

  test("records that were never sent say so, and may be sent again [SDK-25]", async () => {
    const { clock, client } = start({
      passageOf: (request) => (appends(request) ? { status: 503, retryAfter: "60" } : {}),
    });
    const producer = client.producer({ deliveryTimeoutMs: 3_000, lingerMs: 1, batchBytes: 100 });
    const sent = ["a", "b"].map((text) => producer.send("t", { text: text.repeat(90) }));
    const [first, second] = await clock.run(Promise.allSettled(sent));
    expect(first).toMatchObject({ reason: { code: "timed_out", retriable: false, details: { stored: "unknown" } } });
    expect(second).toMatchObject({ reason: { code: "timed_out", retriable: true, details: { stored: "no" } } });
  });

  test("a topic that cannot be reached fails its records after deliveryTimeoutMs [SDK-25]", async () => {
    const { clock, client } = start({ passageOf: () => ({ answersMs: "reset" }) });
    const producer = client.producer({ deliveryTimeoutMs: 3_000 });
    await expect(clock.run(producer.send("t", { text: "a" }))).rejects.toMatchObject({
      code: "unreachable",
      retriable: true,
    });
    await expect(clock.run(producer.flush())).rejects.toMatchObject({ code: "unreachable" });
  });

  test("a partition that lost what it acknowledged ends this producer there [SDK-24]", async () => {
    const all = start({ partitions: 2 });
    const producer = all.client.producer();
    const mine = { partition: 0, text: "a" };
    await all.clock.run(producer.send("t", mine));
    await all.clock.run(producer.send("t", mine));
    // Another log under the same name, that knows the producer with an earlier sequence.
    const { producerId, producerEpoch } = await producer.identity();
    all.fake.create("t", 2);
    const other = all.client.producer({ producerId, producerEpoch });
    await all.clock.run(other.send("t", mine));
    await expect(all.clock.run(producer.send("t", mine))).rejects.toMatchObject({
      code: "producer_failed",
      retriable: false,
      message: expect.stringContaining("go on with a new producer"),
    });
    await expect(all.clock.run(producer.send("t", mine))).rejects.toMatchObject({ code: "producer_failed" });
    expect(await all.clock.run(producer.send("t", { partition: 1, text: "b" }))).toEqual({ partition: 1, offset: 0 });
  });

  test("one that another client has fenced ends [SDK-24]", async () => {
    const { clock, client } = start();
    const producer = client.producer();
    await clock.run(producer.send("t", { text: "a" }));
    const { producerId } = await producer.identity();
    const successor = client.producer({ producerId, producerEpoch: 1 });
    await clock.run(successor.send("t", { text: "b" }));
    await expect(clock.run(producer.send("t", { text: "c" }))).rejects.toMatchObject({ code: "producer_failed" });
  });
});

function* texts(count: number, length: number): Generator<{ readonly text: string }> {
  for (let index = 0; index < count; index++) yield { text: "x".repeat(length) };
}
