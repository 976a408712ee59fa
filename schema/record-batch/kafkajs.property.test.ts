// Against the encoder and the decoder of kafkajs, a client that others wrote.
import { createRequire } from "node:module";
import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Bytes, ProducerRecord } from "../record.ts";
import { arbitraryRecords } from "../test/arbitrary-record.ts";
import { compressBatch } from "../test/compress-batch.ts";
import { type Decompress, decodeRecords, readHeader } from "./decode.ts";
import { encodeBatch } from "./encode.ts";
import { stampBaseOffset, stampLogAppendTime } from "./stamp.ts";
import { validateBatch } from "./validate.ts";

interface KafkaRecord {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: { readonly [name: string]: Buffer | null | (Buffer | null)[] };
}

const require = createRequire(import.meta.url);
const protocol = "kafkajs/src/protocol";
const { RecordBatch } = require(`${protocol}/recordBatch/v0/index.js`);
const encodeRecord = require(`${protocol}/recordBatch/record/v0/index.js`);
const decodeBatch = require(`${protocol}/recordBatch/v0/decoder.js`);
const Decoder = require(`${protocol}/decoder.js`);
const { Types } = require(`${protocol}/message/compression/index.js`);

const decompress: Decompress = (codec, data, maxOutputLength) => {
  if (codec !== "gzip") throw new Error(`codec ${codec} is not available`);
  return gunzipSync(data, { maxOutputLength });
};

async function encodeWithKafkajs(records: readonly ProducerRecord[], compression: number): Promise<Bytes> {
  const firstTimestamp = records[0]!.timestampMs;
  const encoder = await RecordBatch({
    compression,
    firstTimestamp,
    maxTimestamp: Math.max(...records.map(({ timestampMs }) => timestampMs)),
    lastOffsetDelta: records.length - 1,
    producerId: 17,
    producerEpoch: 3,
    firstSequence: 40,
    records: records.map((record, offsetDelta) =>
      encodeRecord({
        offsetDelta,
        timestampDelta: record.timestampMs - firstTimestamp,
        key: bufferOf(record.key),
        value: bufferOf(record.value),
        headers: headersByName(record),
      }),
    ),
  });
  return new Uint8Array(encoder.buffer);
}

async function decodeWithKafkajs(batch: Bytes): Promise<KafkaRecord[]> {
  const { records } = await decodeBatch(new Decoder(Buffer.from(batch)));
  return records;
}

/** kafkajs takes other byte arrays for text. */
const bufferOf = (bytes: Bytes | null) => (bytes === null ? null : Buffer.from(bytes));

/** kafkajs holds headers in an object: a name once, or with an array. */
function headersByName(record: ProducerRecord): Record<string, Buffer | null | (Buffer | null)[]> {
  const byName: [string, Buffer | null | (Buffer | null)[]][] = [];
  for (const { key, value } of record.headers) {
    const buffer = bufferOf(value);
    const before = byName.find(([name]) => name === key);
    if (before === undefined) byName.push([key, buffer]);
    else before[1] = Array.isArray(before[1]) ? [...before[1], buffer] : [before[1], buffer];
  }
  return Object.fromEntries(byName);
}

/** What kafkajs cannot hold: a null header (its encoder throws), numeric names out of order, `__proto__`. */
const kafkajsRecords = arbitraryRecords.map((records) =>
  records.map((record, index) => ({
    ...record,
    headers: record.headers
      .filter(({ value }) => value !== null)
      .map(({ key, value }) => ({ key: `h${index % 2}${key}`, value }))
      .toSorted((a, b) => (a.key < b.key ? -1 : 1)),
  })),
);

for (const [name, compression] of [
  ["none", Types.None],
  ["gzip", Types.GZIP],
] as const) {
  test(`batches that kafkajs encodes with ${name} are valid and read the same [BAT-1]`, async () => {
    await fc.assert(
      fc.asyncProperty(kafkajsRecords, async (records) => {
        const batch = await encodeWithKafkajs(records, compression);
        expect(validateBatch(batch, decompress)).toMatchObject({ ok: true, header: { codec: name } });
        expect(readHeader(batch)).toMatchObject({ producerId: 17, producerEpoch: 3, baseSequence: 40 });
        expect(decodeRecords(batch, decompress)).toEqual(records.map((record, offset) => ({ ...record, offset })));
      }),
      { numRuns: 50 },
    );
  });

  test(`kafkajs reads what we encode with ${name} [BAT-1]`, async () => {
    await fc.assert(
      fc.asyncProperty(kafkajsRecords, fc.nat(2 ** 40), async (records, baseOffset) => {
        const plain = encodeBatch(records);
        const batch = name === "none" ? plain : compressBatch(plain, name, (raw) => gzipSync(raw));
        stampBaseOffset(batch, baseOffset);
        const decoded = await decodeWithKafkajs(batch);
        expect(
          decoded.map(({ offset, timestamp, key, value, headers }) => ({ offset, timestamp, key, value, headers })),
        ).toEqual(
          records.map((record, index) => ({
            offset: String(baseOffset + index),
            timestamp: String(record.timestampMs),
            key: bufferOf(record.key),
            value: bufferOf(record.value),
            headers: headersByName(record),
          })),
        );
      }),
      { numRuns: 50 },
    );
  });
}

test("our bytes are kafkajs's bytes, but for the leader epoch that it writes as 0 [BAT-1]", async () => {
  await fc.assert(
    fc.asyncProperty(kafkajsRecords, async (records) => {
      const theirs = await encodeWithKafkajs(records, Types.None);
      const ours = encodeBatch(records, { producerId: 17, producerEpoch: 3, baseSequence: 40 });
      new DataView(ours.buffer).setInt32(12, 0);
      expect(ours).toEqual(theirs);
    }),
    { numRuns: 50 },
  );
});

test("kafkajs gives the records of a stamped batch the time of the log [BAT-6]", async () => {
  const value = new TextEncoder().encode("v");
  const batch = encodeBatch([1000, 2000].map((timestampMs) => ({ key: null, value, timestampMs, headers: [] })));
  stampLogAppendTime(batch, 9000);
  expect((await decodeWithKafkajs(batch)).map(({ timestamp }) => timestamp)).toEqual(["9000", "9000"]);
});
