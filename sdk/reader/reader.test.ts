import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as rules from "../../durable-objects/core/log/producer-state.ts";
import { systemClock } from "../clock.ts";
import { Millrace } from "../millrace.ts";
import { network, type Passage } from "../test/network.ts";
import { inTurn, reads, world, type WorldOptions } from "../test/world.ts";
import type { ConsumerRecord } from "./consumer-record.ts";
import type { ReaderOptions } from "./reader.ts";

const BEGIN = 1_600_000_000_000;

/** A topic of one partition with batches of these sizes; record n has the value n and the time BEGIN + n. */
async function logOf(
  batches: readonly number[],
  options: Omit<WorldOptions<rules.ProducerState>, "rules" | "decompress"> = {},
) {
  const all = world({ rules, decompress: (_codec, data) => gunzipSync(data), ...options });
  const producer = all.client.producer();
  let next = 0;
  const append = async (count: number) => {
    const records = Array.from({ length: count }, (_, index) => next + index);
    next += count;
    const sent = records.map((value) => producer.send("t", { value, timestampMs: BEGIN + value }));
    await all.clock.run(Promise.all(sent));
  };
  for (const count of batches) await append(count);
  return { ...all, log: all.fake.partition("t", 0), append };
}

type Log = Awaited<ReturnType<typeof logOf>>;

async function offsetsOf({ clock, client }: Log, options: ReaderOptions): Promise<readonly number[]> {
  const offsets: number[] = [];
  const read = async () => {
    for await (const { offset } of client.reader("t", 0, options)) offsets.push(offset);
  };
  await clock.run(read());
  return offsets;
}

async function firstOf({ clock, client }: Log, options: ReaderOptions): Promise<ConsumerRecord | undefined> {
  const read = async () => {
    for await (const record of client.reader("t", 0, options)) return record;
    return undefined;
  };
  return clock.run(read());
}

describe("where it begins [SDK-31]", () => {
  test("earliest is where the log starts, also inside a batch", async () => {
    const all = await logOf([4, 4]);
    expect(await offsetsOf(all, { stopAtEnd: true })).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    all.log.trim(2);
    expect(await offsetsOf(all, { stopAtEnd: true })).toEqual([2, 3, 4, 5, 6, 7]);
  });

  test("an offset is that record, also inside a batch", async () => {
    const all = await logOf([4, 4]);
    expect(await offsetsOf(all, { from: { offset: 5 }, stopAtEnd: true })).toEqual([5, 6, 7]);
    expect(await offsetsOf(all, { from: { offset: 8 }, stopAtEnd: true })).toEqual([]);
  });

  test("a time is the first record that has it or a later one", async () => {
    const all = await logOf([4, 4]);
    expect(await offsetsOf(all, { from: { timestampMs: BEGIN + 3 }, stopAtEnd: true })).toEqual([3, 4, 5, 6, 7]);
    expect(await offsetsOf(all, { from: { timestampMs: BEGIN + 8 }, stopAtEnd: true })).toEqual([]);
  });

  test("latest is where the log ends when it is asked, whatever fails after", async () => {
    // The end is told; then every second request fails, while records come.
    const all = await logOf([4], { passageOf: inTurn(reads, [{}, { answersMs: "reset" }, { status: 503 }]) });
    const found = firstOf(all, { from: "latest" });
    await all.append(3);
    expect((await found)?.offset).toBe(4);
  });

  test("an offset that does not exist says which do [SDK-32]", async () => {
    const all = await logOf([4, 4]);
    all.log.trim(4);
    await expect(offsetsOf(all, { from: { offset: 9 } })).rejects.toMatchObject({
      code: "offset_out_of_range",
      status: 416,
      retriable: false,
      message: "offset 9 is beyond log end 8 (t/0 has offsets 4 to 7)",
      details: { logStartOffset: 4, logEndOffset: 8 },
    });
    all.log.trim(8);
    await expect(offsetsOf(all, { from: { offset: 0 } })).rejects.toThrow(
      "t/0 has no records, and 8 is the next offset",
    );
  });
});

describe("how it goes on", () => {
  test("it waits for records, and position is behind the last one handed out [SDK-30]", async () => {
    const all = await logOf([2]);
    const reader = all.client.reader("t", 0, { waitMs: 1_000 });
    expect(reader.position).toBeUndefined();
    const read = async (count: number) => {
      const offsets: number[] = [];
      for await (const { offset } of reader) {
        offsets.push(offset);
        expect(reader.position).toBe(offset + 1);
        if (offsets.length === count) break;
      }
      return offsets;
    };
    expect(await all.clock.run(read(1))).toEqual([0]);
    const rest = all.clock.run(read(3));
    await all.clock.pass(5_000);
    await all.append(2);
    expect(await rest).toEqual([1, 2, 3]);
  });

  const passage: fc.Arbitrary<Passage> = fc.oneof(
    fc.constant({}),
    fc.record({ answersMs: fc.constantFrom("reset" as const, "lost" as const, 300) }),
    fc.record({ status: fc.constantFrom(429 as const, 500 as const, 503 as const) }),
    fc.record({ damage: fc.constantFrom("cut" as const, "flipped" as const) }),
  );

  test("whatever fails, every record comes once and in order [SDK-30, SDK-35]", async () => {
    const plan = fc.record({
      batches: fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 12 }),
      passages: fc.array(passage, { maxLength: 30 }),
      from: fc.nat(20),
      maxBytes: fc.constantFrom(1, 300, 1_000_000),
    });
    const property = fc.asyncProperty(plan, async ({ batches, passages, from, maxBytes }) => {
      const all = await logOf(batches, { passageOf: inTurn(reads, passages), retry: { timeoutMs: 200 } });
      const end = all.log.logEndOffset;
      const offset = Math.min(from, end);
      const offsets = await offsetsOf(all, { from: { offset }, maxBytes, stopAtEnd: true });
      expect(offsets).toEqual(Array.from({ length: end - offset }, (_, index) => offset + index));
    });
    await fc.assert(property, { numRuns: 100 });
  });

  test("stopAtEnd ends where the log ended when reading began [SDK-33]", async () => {
    const all = await logOf([2, 2]);
    const offsets: number[] = [];
    const read = async () => {
      for await (const { offset } of all.client.reader("t", 0, { stopAtEnd: true, maxBytes: 1 })) {
        offsets.push(offset);
        if (offset === 0) await all.client.producer().sendAll("t", [{ value: 1 }, { value: 2 }]);
      }
    };
    await all.clock.run(read());
    expect(offsets).toEqual([0, 1, 2, 3]);
  });

  test("a signal ends the loop, also while it waits [SDK-34]", async () => {
    const all = await logOf([2]);
    const controller = new AbortController();
    all.clock.timer(3_000, () => controller.abort());
    const began = all.clock.nowMs();
    expect(await offsetsOf(all, { signal: controller.signal })).toEqual([0, 1]);
    expect(all.clock.nowMs() - began).toBe(3_000);
    expect(await offsetsOf(all, { signal: controller.signal })).toEqual([]);
  });

  test("retention that overtakes it is told, not skipped [SDK-32]", async () => {
    const all = await logOf([2, 2, 2]);
    const read = async () => {
      for await (const { offset } of all.client.reader("t", 0, { maxBytes: 1 })) if (offset === 1) all.log.trim(4);
    };
    await expect(all.clock.run(read())).rejects.toMatchObject({
      code: "offset_out_of_range",
      details: { logStartOffset: 4 },
    });
  });

  test("it gives up after resumeTimeoutMs without a success, and a new loop goes on [SDK-36]", async () => {
    let down = false;
    const all = await logOf([2, 2], { passageOf: (request) => (down && reads(request) ? { answersMs: "reset" } : {}) });
    const reader = all.client.reader("t", 0, { maxBytes: 1, resumeTimeoutMs: 60_000, stopAtEnd: true });
    const read = async () => {
      const offsets: number[] = [];
      for await (const { offset } of reader) {
        offsets.push(offset);
        down = offset === 1;
      }
      return offsets;
    };
    const began = all.clock.nowMs();
    await expect(all.clock.run(read())).rejects.toMatchObject({ code: "unreachable", retriable: true });
    expect(all.clock.nowMs() - began).toBeGreaterThanOrEqual(60_000);
    down = false;
    expect(await all.clock.run(read())).toEqual([2, 3]);
  });
});

describe("records [SDK-37]", () => {
  /** The platform's gzip ends outside a clock that stands still. */
  async function stored(compression: "none" | "gzip") {
    const { fake } = world({ rules, decompress: (_codec, data) => gunzipSync(data) });
    const client = new Millrace({ url: "http://fake", fetch: network(fake, systemClock) });
    const producer = client.producer({ compression, lingerMs: 1 });
    await producer.sendAll("t", [
      { key: "ä", value: { n: [1, null] }, headers: { h: "x", none: null }, timestampMs: 5 },
      { key: new Uint8Array([0xff]), text: "12.30" },
      { key: "gone", value: null },
      { value: new Uint8Array([0xff, 0xfe]) },
      ...Array.from({ length: 50 }, () => ({ text: "x".repeat(100) })),
    ]);
    const records: ConsumerRecord[] = [];
    for await (const record of client.reader("t", 0, { stopAtEnd: true })) records.push(record);
    return records;
  }

  test.each(["none", "gzip"] as const)("come back as they were sent, compression %s", async (compression) => {
    const records = await stored(compression);
    const [json, text, tombstone, bytes] = records;
    expect(records.length).toBe(54);
    expect(json?.json()).toEqual({ n: [1, null] });
    expect(json).toMatchObject({ topic: "t", partition: 0, offset: 0, timestampMs: 5, key: "ä" });
    expect(json?.headers).toEqual([
      { key: "h", value: new TextEncoder().encode("x") },
      { key: "none", value: null },
    ]);
    expect(text?.text()).toBe("12.30");
    expect(text?.json()).toBe(12.3);
    expect(text?.key).toEqual(new Uint8Array([0xff]));
    expect([tombstone?.bytes, tombstone?.text(), tombstone?.json()]).toEqual([null, null, null]);
    expect(bytes?.bytes).toEqual(new Uint8Array([0xff, 0xfe]));
    expect(bytes?.key).toBeNull();
    expect(() => bytes?.json()).toThrow(SyntaxError);
  });
});
