import { describe, expect, test } from "vitest";
import { crc32c } from "../../../schema/record-batch/crc32c.ts";
import { batchesIn, decodeRecords, type Decompress } from "../../../schema/record-batch/decode.ts";
import { encodeBatch, type EncodableRecord, type ProducerFields } from "../../../schema/record-batch/encode.ts";
import { recordsSection, withRecordsSection } from "../../../schema/record-batch/compress.ts";
import type { Bytes } from "../../../schema/record.ts";
import { batchProduceAnswer } from "../../../schema/wire/answer/produce.ts";
import { producerAllocation } from "../../../schema/wire/answer/producer.ts";
import { readAnswer } from "../../../schema/wire/answer/read.ts";
import { call, shaped, type Target } from "../http.ts";
import { refused } from "../refused.ts";
import { newTopic } from "../topic-of.ts";
import { gzip } from "./produce.ts";

const TYPE = "application/vnd.kafka.recordbatch";
const noCodec: Decompress = (codec) => {
  throw new Error(`unexpected codec ${codec}`);
};

function record(value: string, timestampMs = 1_700_000_000_000): EncodableRecord {
  return { key: null, value, timestampMs, headers: [] };
}

/** The batch with some bytes changed; `sign` makes the CRC true again. */
function changed(batch: Bytes, change: (view: DataView) => void, sign = true): Bytes {
  const copy = batch.slice();
  const view = new DataView(copy.buffer);
  change(view);
  if (sign) view.setUint32(17, crc32c(copy, 21));
  return copy;
}

export function recordBatchConformance(target: Target): void {
  const post = (topic: string, body: Bytes, more: { query?: string; headers?: Record<string, string> } = {}) =>
    call(target, `POST /v1/topics/${topic}/records${more.query ?? "?partition=0"}`, {
      body,
      headers: { "content-type": TYPE, ...more.headers },
    });

  describe("RecordBatch", () => {
    test("a batch is stored as it is and read back byte for byte [PRO-11, REA-6]", async () => {
      const topic = await newTopic(target, { partitions: 2 });
      const batch = encodeBatch([
        record("1.0"),
        { ...record('"x"', 5), key: "k", headers: [{ key: "h", value: null }] },
      ]);
      const answer = shaped(await post(topic, batch, { query: "?partition=1" }), batchProduceAnswer);
      expect(answer).toEqual({
        partition: 1,
        baseOffset: 0,
        lastOffset: 1,
        offsets: [
          { partition: 1, offset: 0 },
          { partition: 1, offset: 1 },
        ],
      });
      const line = `GET /v1/topics/${topic}/partitions/1/records?offset=0`;
      const stored = await call(target, line, { headers: { accept: TYPE } });
      expect(stored.headers.get("content-type")).toBe(TYPE);
      expect(stored.headers.get("millrace-start-offset")).toBe("0");
      expect(stored.headers.get("millrace-next-offset")).toBe("2");
      expect(stored.headers.get("millrace-log-start-offset")).toBe("0");
      expect(stored.headers.get("millrace-log-end-offset")).toBe("2");
      expect(stored.bytes.subarray(12)).toEqual(batch.subarray(12));
      const { records } = shaped(await call(target, line), readAnswer);
      expect(records.map(({ value }) => value)).toEqual([1, "x"]);
      expect(records[1]?.headers).toEqual({ h: null });
    });

    test("base offsets are the log's, over several batches [PRO-1, REA-6]", async () => {
      const topic = await newTopic(target);
      await post(topic, encodeBatch([record("1"), record("2"), record("3")]));
      await post(topic, encodeBatch([record("4"), record("5")]));
      const reply = await call(target, `GET /v1/topics/${topic}/partitions/0/records?offset=1`, {
        headers: { accept: TYPE },
      });
      const offsets = [...batchesIn(reply.bytes)]
        .flatMap((batch) => decodeRecords(batch, noCodec))
        .map(({ offset }) => offset);
      expect(offsets).toEqual([0, 1, 2, 3, 4]);
      expect(reply.headers.get("millrace-start-offset")).toBe("1");
    });

    test("gzip inside the batch and around the request [PRO-11, HTTP-8]", async () => {
      const topic = await newTopic(target);
      const plain = encodeBatch([record('"folded"'), record("2")]);
      const folded = withRecordsSection(plain, "gzip", await gzip(recordsSection(plain)));
      shaped(await post(topic, folded), batchProduceAnswer);
      shaped(await post(topic, await gzip(plain), { headers: { "content-encoding": "gzip" } }), batchProduceAnswer);
      const { records } = shaped(
        await call(target, `GET /v1/topics/${topic}/partitions/0/records?offset=1`),
        readAnswer,
      );
      expect(records.map(({ offset, value }) => [offset, value])).toEqual([
        [1, 2],
        [2, "folded"],
        [3, 2],
      ]);
    });

    test("a damaged, lying or foreign batch is refused whole [PRO-11, PRO-8]", async () => {
      const topic = await newTopic(target);
      const good = encodeBatch([record("1"), record("2")]);
      const bad: readonly (readonly [what: string, batch: Bytes])[] = [
        ["empty", new Uint8Array(0)],
        ["cut in the header", good.slice(0, 40)],
        ["cut in a record", good.slice(0, -1)],
        ["a byte more", new Uint8Array([...good, 0])],
        ["two batches", new Uint8Array([...good, ...good])],
        ["a wrong CRC", changed(good, (view) => view.setUint8(good.length - 1, 7), false)],
        ["a length that lies", changed(good, (view) => view.setInt32(8, 1_000_000))],
        ["a negative length", changed(good, (view) => view.setInt32(8, -1))],
        ["magic 1", changed(good, (view) => view.setInt8(16, 1))],
        ["a count above the records", changed(good, (view) => view.setInt32(57, 3))],
        ["a count below the records", changed(good, (view) => view.setInt32(57, 1))],
        ["a last offset delta that lies", changed(good, (view) => view.setInt32(23, 5))],
        ["snappy", changed(good, (view) => view.setInt16(21, 2))],
        ["gzip that is none", changed(good, (view) => view.setInt16(21, 1))],
        ["a transaction", changed(good, (view) => view.setInt16(21, 0x10))],
        ["a control batch", changed(good, (view) => view.setInt16(21, 0x20))],
        ["an unknown attribute", changed(good, (view) => view.setInt16(21, 0x100))],
      ];
      for (const [what, batch] of bad)
        expect.soft(refused(await post(topic, batch), "invalid_request"), what).toBeDefined();
      refused(await post(topic, encodeBatch([record("1", -1)])), "invalid_timestamp");
      refused(await post(topic, encodeBatch([record("1", 253_402_300_800_000)])), "invalid_timestamp");
      refused(await post(topic, encodeBatch([record("1", 253_402_300_799_999)])), "invalid_timestamp");
      refused(
        await post(
          topic,
          changed(good, (view) => view.setBigInt64(35, 5n)),
        ),
        "invalid_timestamp",
      );
      refused(await post(topic, encodeBatch([record("x".repeat(1_500_000))])), "record_too_large");
      refused(
        await post(topic, encodeBatch(Array.from({ length: 3 }, () => record("x".repeat(900_000))))),
        "batch_too_large",
      );
      refused(await post(topic, encodeBatch(Array.from({ length: 10_001 }, () => record("1")))), "batch_too_large");
      refused(await post(topic, good, { query: "" }), "invalid_request");
      for (const partition of [1, 300]) {
        refused(await post(topic, good, { query: `?partition=${partition}` }), "unknown_partition");
      }
      refused(await post(topic, good, { query: "?partition=x" }), "invalid_request");
      const description = await call(target, `GET /v1/topics/${topic}/partitions/0/records?offset=latest`);
      expect(shaped(description, readAnswer).logEndOffset).toBe(0);
    });

    test("a producer's batches come once and in sequence [PRO-7]", async () => {
      const topic = await newTopic(target);
      const { producerId, producerEpoch } = shaped(await call(target, "POST /v1/producers"), producerAllocation);
      const batch = (baseSequence: number, count: number, more: ProducerFields = {}) =>
        encodeBatch(
          Array.from({ length: count }, (_, index) => record(String(baseSequence + index))),
          { producerId, producerEpoch, baseSequence, ...more },
        );
      const first = shaped(await post(topic, batch(0, 3)), batchProduceAnswer);
      expect(first).toMatchObject({ baseOffset: 0, lastOffset: 2 });
      expect(shaped(await post(topic, batch(0, 3)), batchProduceAnswer)).toEqual({ ...first, duplicate: true });
      const ahead = refused(await post(topic, batch(5, 1)), "out_of_order_sequence");
      expect(ahead).toMatchObject({ retriable: true, expectedSequence: 3 });
      for (let sequence = 3; sequence < 10; sequence++) {
        expect(shaped(await post(topic, batch(sequence, 1)), batchProduceAnswer).baseOffset).toBe(sequence);
      }
      const forgotten = shaped(await post(topic, batch(0, 3)), batchProduceAnswer);
      expect(forgotten).toMatchObject({ baseOffset: -1, lastOffset: -1, duplicate: true });
      expect(forgotten.offsets).toEqual(Array.from({ length: 3 }, () => ({ partition: 0, offset: -1 })));
      refused(
        await post(topic, encodeBatch([record('"other"')], { producerId, producerEpoch, baseSequence: 9 })),
        "sequence_reused",
      );
      expect(
        shaped(await post(topic, batch(0, 1, { producerEpoch: producerEpoch + 1 })), batchProduceAnswer).baseOffset,
      ).toBe(10);
      refused(await post(topic, batch(10, 1)), "fenced_producer");
    });

    test("producer headers count for a batch without a producer, and not beside one [PRO-5, PRO-11]", async () => {
      const topic = await newTopic(target);
      const headers = { "producer-id": "bridge", "producer-epoch": "0", "producer-sequence": "1" };
      const once = shaped(await post(topic, encodeBatch([record("1")]), { headers }), batchProduceAnswer);
      expect(shaped(await post(topic, encodeBatch([record("1")]), { headers }), batchProduceAnswer)).toEqual({
        ...once,
        duplicate: true,
      });
      refused(await post(topic, encodeBatch([record("1", 6)]), { headers }), "sequence_reused");
      const own = encodeBatch([record("1")], { producerId: 1, producerEpoch: 0, baseSequence: 0 });
      refused(await post(topic, own, { headers }), "invalid_request");
    });
  });
}
