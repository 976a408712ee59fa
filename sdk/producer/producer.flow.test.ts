import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import * as rules from "../../durable-objects/core/log/producer-state.ts";
import { readUtf8 } from "../../schema/utf8.ts";
import type { StreamError } from "../stream-error.ts";
import { POISON } from "../test/fake-partition.ts";
import { appends, inTurn, world, type WorldOptions } from "../test/world.ts";

function start(options: Omit<WorldOptions<rules.ProducerState>, "rules" | "decompress"> = {}) {
  return world({ rules, decompress: (_codec, data) => gunzipSync(data), ...options });
}

function textsOf({ fake }: ReturnType<typeof start>): readonly string[] {
  return fake.partition("t", 0).records.map(({ value }) => readUtf8(value ?? new Uint8Array()));
}

const value = new Uint8Array(900);

describe("back-pressure", () => {
  test("ready waits while bufferBytes are under way; send refuses at twice as much [SDK-13]", async () => {
    const { clock, client } = start({ passageOf: inTurn(appends, [{ answersMs: 500 }]) });
    const producer = client.producer({ bufferBytes: 10_000, lingerMs: 1 });
    const sent = [];
    for (let index = 0; index < 9; index++) sent.push(producer.send("t", { value }));
    await producer.ready();
    for (let index = 9; index < 20; index++) sent.push(producer.send("t", { value }));
    let ready = false;
    const wait = producer.ready().then(() => (ready = true));
    const refused = await producer.send("t", { value }).catch((error: StreamError) => error);
    expect(refused).toMatchObject({ code: "buffer_full", retriable: true, details: { stored: "no" } });
    await clock.pass(100);
    expect(ready).toBe(false);
    await clock.run(wait);
    expect((await clock.run(Promise.all(sent))).length).toBe(20);
  });

  test("failed records give their room back [SDK-13]", async () => {
    const { clock, client } = start({ passageOf: () => ({ answersMs: "reset" }) });
    const producer = client.producer({ bufferBytes: 1_000, deliveryTimeoutMs: 100 });
    const sent = producer.send("t", { value }).catch(() => {});
    await clock.run(Promise.all([producer.ready(), sent]));
  });

  test("a record is what it was when it was sent [SDK-13]", async () => {
    const all = start();
    const producer = all.client.producer();
    const bytes = new TextEncoder().encode("before");
    const object = { text: "before" };
    const sent = [producer.send("t", { value: bytes }), producer.send("t", { value: object })];
    bytes.fill(120);
    object.text = "after";
    await all.clock.run(Promise.all(sent));
    expect(textsOf(all)).toEqual(["before", '{"text":"before"}']);
  });
});

describe("sendAll", () => {
  test("sends all, in order, within the buffer [SDK-15]", async () => {
    const all = start();
    const producer = all.client.producer({ bufferBytes: 2_000, batchBytes: 500 });
    const records = Array.from({ length: 500 }, (_, index) => ({ text: `${index}` }));
    expect(await all.clock.run(producer.sendAll("t", records))).toEqual({ records: 500 });
    expect(textsOf(all)).toEqual(records.map(({ text }) => text));
  });

  test("takes an asynchronous source [SDK-15]", async () => {
    const all = start();
    async function* source() {
      for (const text of ["a", "b"]) {
        await Promise.resolve();
        yield { text };
      }
    }
    expect(await all.clock.run(all.client.producer().sendAll("t", source()))).toEqual({ records: 2 });
    expect(textsOf(all)).toEqual(["a", "b"]);
  });

  test("takes no more after a failure and rejects with it [SDK-15]", async () => {
    const { clock, client } = start();
    let taken = 0;
    function* source() {
      for (; taken < 100; taken++) yield taken === 2 ? { value: () => 1 } : { text: "a" };
    }
    const sent = client.producer().sendAll("t", source());
    await expect(clock.run(sent)).rejects.toMatchObject({ code: "invalid_request" });
    expect(taken).toBe(2);
  });

  test("of nothing is nothing [SDK-15]", async () => {
    const { clock, fake, client } = start();
    expect(await clock.run(client.producer().sendAll("t", []))).toEqual({ records: 0 });
    expect(fake.handled).toEqual([]);
  });
});

describe("flush and close", () => {
  test("flush does not wait for lingerMs, and ends when all has ended [SDK-14]", async () => {
    const all = start();
    const producer = all.client.producer({ lingerMs: 60_000 });
    const began = all.clock.nowMs();
    void producer.send("t", { text: "a" });
    await all.clock.run(producer.flush());
    expect(textsOf(all)).toEqual(["a"]);
    expect(all.clock.nowMs() - began).toBeLessThan(100);
  });

  test("flush rejects with the first failure since the last, once [SDK-14]", async () => {
    const { clock, client } = start();
    const producer = client.producer({ lingerMs: 0 });
    // Nobody looks at these promises: they must not end the process.
    void producer.send("t", { value: POISON });
    await clock.pass(50);
    void producer.send("t", {});
    await expect(clock.run(producer.flush())).rejects.toMatchObject({ code: "invalid_timestamp" });
    await clock.run(producer.flush());
  });

  test("close flushes, and later records are refused [SDK-14]", async () => {
    const all = start();
    const producer = all.client.producer();
    void producer.send("t", { text: "a" });
    await all.clock.run(producer.close());
    expect(textsOf(all)).toEqual(["a"]);
    await expect(producer.send("t", { text: "b" })).rejects.toMatchObject({
      code: "producer_closed",
      retriable: false,
    });
  });
});

describe("a client that returns [SDK-26]", () => {
  test("goes on behind what is stored", async () => {
    const all = start();
    const first = all.client.producer({ producerId: 42, producerEpoch: 3 });
    expect(await all.clock.run(first.resume("t"))).toEqual([]);
    await all.clock.run(first.sendAll("t", [{ text: "a" }, { text: "b" }]));
    const second = all.client.producer(await first.identity());
    expect(await all.clock.run(second.resume("t"))).toEqual([{ partition: 0, epoch: 3, lastSequence: 1 }]);
    await all.clock.run(second.send("t", { text: "c" }));
    expect(textsOf(all)).toEqual(["a", "b", "c"]);
    expect(await all.clock.run(second.resume("t"))).toEqual([{ partition: 0, epoch: 3, lastSequence: 2 }]);
  });

  test("with a new epoch begins at 0 and is told where the old one ended", async () => {
    const all = start();
    const first = all.client.producer();
    await all.clock.run(first.sendAll("t", [{ text: "a" }, { text: "b" }]));
    const { producerId, producerEpoch } = await first.identity();
    const second = all.client.producer({ producerId, producerEpoch: producerEpoch + 1 });
    expect(await all.clock.run(second.resume("t"))).toEqual([{ partition: 0, epoch: 0, lastSequence: 1 }]);
    await all.clock.run(second.send("t", { text: "c" }));
    expect(await all.clock.run(second.resume("t"))).toEqual([{ partition: 0, epoch: 1, lastSequence: 0 }]);
  });

  test("is told when its epoch is over", async () => {
    const { clock, client } = start();
    await clock.run(client.producer({ producerId: 42, producerEpoch: 3 }).send("t", { text: "a" }));
    const late = client.producer({ producerId: 42, producerEpoch: 2 }).send("t", { text: "b" });
    await expect(clock.run(late)).rejects.toMatchObject({ code: "fenced_producer", retriable: false });
  });

  test("gives id and epoch together", () => {
    const { client } = start();
    expect(() => client.producer({ producerId: 1 })).toThrow("go together");
  });
});
