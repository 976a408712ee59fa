import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as rules from "../../durable-objects/core/log/producer-state.ts";
import { readUtf8 } from "../../schema/utf8.ts";
import type { StreamError } from "../stream-error.ts";
import { POISON } from "../test/fake-partition.ts";
import type { Passage } from "../test/network.ts";
import { appends, inTurn, world } from "../test/world.ts";

const PARTITIONS = 2;

/** Longer than one try, so that requests arrive after the client has given them up and sent them again. */
const anyMs = fc.integer({ min: 1, max: 700 });

const passage: fc.Arbitrary<Passage> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({}) },
  { weight: 2, arbitrary: fc.record({ arrivesMs: fc.tuple(anyMs), answersMs: anyMs }) },
  { weight: 2, arbitrary: fc.record({ arrivesMs: fc.tuple(anyMs, fc.integer({ min: 1, max: 4_000 })) }) },
  { weight: 2, arbitrary: fc.record({ answersMs: fc.constantFrom("lost" as const, "reset" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ arrivesMs: fc.constant([]), answersMs: fc.constantFrom("lost" as const, "reset" as const) }),
  },
  { weight: 1, arbitrary: fc.record({ arrivesMs: fc.tuple(anyMs), answersMs: fc.constant("reset" as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      status: fc.constantFrom(403 as const, 429 as const, 500 as const, 503 as const),
      afterWork: fc.boolean(),
      retryAfter: fc.constantFrom(undefined, "1"),
    }),
  },
  { weight: 1, arbitrary: fc.record({ status: fc.constant(401 as const) }) },
);

const step = fc.record({
  partition: fc.nat(PARTITIONS - 1),
  records: fc.integer({ min: 1, max: 6 }),
  poison: fc.integer({ min: 0, max: 9 }).map((chance) => chance === 0),
  thenMs: fc.constantFrom(0, 0, 0, 3, 20, 300, 2_000),
});

interface Sent {
  readonly id: number;
  readonly partition: number;
  offset?: number;
  failure?: StreamError;
}

interface Run {
  readonly steps: readonly { partition: number; records: number; poison: boolean; thenMs: number }[];
  readonly passages: readonly Passage[];
  readonly seed: number;
  readonly batchBytes: number;
}

async function run({ steps, passages, seed, batchBytes }: Run) {
  const { clock, fake, client } = world({
    rules,
    decompress: (_codec, data) => gunzipSync(data),
    partitions: PARTITIONS,
    passageOf: inTurn(appends, passages),
    retry: { firstDelayMs: 50, maxDelayMs: 400, timeoutMs: 300 },
    seed,
  });
  const producer = client.producer({ batchBytes, lingerMs: 5, deliveryTimeoutMs: 2_500 });
  const sent: Sent[] = [];
  for (const { partition, records, poison, thenMs } of steps) {
    for (let count = 0; count < records; count++) {
      const record: Sent = { id: sent.length, partition };
      sent.push(record);
      const value = poison && count === 0 ? POISON : { id: record.id };
      producer.send("t", { partition, key: String(record.id), value }).then(
        ({ offset }) => (record.offset = offset),
        (failure: StreamError) => (record.failure = failure),
      );
    }
    await clock.pass(thenMs);
  }
  await clock.run(producer.flush().catch(() => {}));
  await clock.pass();
  return { fake, sent };
}

const CODES = ["timed_out", "invalid_timestamp", "unauthenticated"];

function check({ fake, sent }: Awaited<ReturnType<typeof run>>): void {
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const ids = fake.partition("t", partition).records.map(({ key }) => Number(readUtf8(key ?? new Uint8Array())));
    const mine = sent.filter((record) => record.partition === partition);
    const acknowledged = mine.filter(({ offset }) => offset !== undefined);
    const failed = mine.filter(({ failure }) => failure !== undefined);
    const unstored = failed.filter(({ failure }) => failure?.details["stored"] === "no");
    const offsets = acknowledged.map(({ offset }) => offset ?? -1);

    expect(acknowledged.length + failed.length, "every record ends").toBe(mine.length);
    expect(new Set(ids).size, "nothing is stored twice").toBe(ids.length);
    expect(offsets.map((offset) => ids[offset])).toEqual(acknowledged.map(({ id }) => id));
    expect(offsets, "acknowledged records stand in the order of send").toEqual(offsets.toSorted((a, b) => a - b));
    expect(unstored.filter(({ id }) => ids.includes(id)).map(({ id }) => id)).toEqual([]);
    expect(failed.filter(({ failure }) => !CODES.includes(failure?.code ?? ""))).toEqual([]);
  }
}

describe("whatever the network does", () => {
  test("what is acknowledged is stored once and in order [SDK-20]", async () => {
    const plan = fc.record({
      steps: fc.array(step, { minLength: 1, maxLength: 25 }),
      passages: fc.array(passage, { maxLength: 60 }),
      seed: fc.nat(),
      batchBytes: fc.constantFrom(100, 180, 1_000),
    });
    const numRuns = Number(process.env["SDK_RUNS"] ?? 150);
    await fc.assert(
      fc.asyncProperty(plan, async (each) => check(await run(each))),
      { numRuns },
    );
  }, 120_000);
});
