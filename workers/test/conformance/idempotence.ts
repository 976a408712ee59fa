import { describe, expect, test } from "vitest";
import { partialProduceAnswer, produceAnswer } from "../../../schema/wire/answer/produce.ts";
import { producerAllocation, producerPositions } from "../../../schema/wire/answer/producer.ts";
import { topicDescription } from "../../../schema/wire/answer/topic.ts";
import { call, shaped, type Reply, type Target } from "../http.ts";
import { uniqueName } from "../names.ts";
import { refused } from "../refused.ts";
import { newTopic } from "../topic-of.ts";

export function idempotenceConformance(target: Target): void {
  function sender(topic: string, id = uniqueName("producer")) {
    return (epoch: number, sequence: number, records: readonly object[]): Promise<Reply> => {
      const headers = { "producer-id": id, "producer-epoch": String(epoch), "producer-sequence": String(sequence) };
      return call(target, `POST /v1/topics/${topic}/records`, { headers, body: { records } });
    };
  }

  async function ends(topic: string): Promise<number[]> {
    const description = shaped(await call(target, `GET /v1/topics/${topic}`), topicDescription);
    return description.partitions.map(({ logEndOffset }) => logEndOffset);
  }

  describe("idempotent producing by request", () => {
    test("the same request five times at once is stored once [PRO-6]", async () => {
      const topic = await newTopic(target, { partitions: 4 });
      const send = sender(topic);
      const records = [{ key: "a", value: 1 }, { key: "b", value: 2 }, { value: "no key" }, { key: "a", value: 3 }];
      const replies = await Promise.all(Array.from({ length: 5 }, () => send(0, 0, records)));
      const answers = replies.map((reply) => shaped(reply, produceAnswer));
      for (const { offsets } of answers) expect(offsets).toEqual(answers[0]?.offsets);
      expect(answers.filter(({ duplicate }) => duplicate !== true).length).toBeLessThanOrEqual(4);
      expect((await ends(topic)).reduce((sum, end) => sum + end, 0)).toBe(records.length);
      expect(shaped(await send(0, 0, records), produceAnswer)).toEqual({
        offsets: answers[0]?.offsets,
        duplicate: true,
      });
    });

    test("a repeated sequence with other records is refused; a time filled in by the server is no difference [PRO-6]", async () => {
      const topic = await newTopic(target);
      const send = sender(topic);
      expect((await send(0, 7, [{ value: 1 }, { value: 2 }])).status).toBe(200);
      expect(shaped(await send(0, 7, [{ value: 1 }, { value: 2 }]), produceAnswer).duplicate).toBe(true);
      const others: readonly (readonly object[])[] = [
        [{ value: 1 }],
        [{ value: 1 }, { value: 3 }],
        [{ value: 2 }, { value: 1 }],
        [{ value: 1 }, { value: 2, headers: { h: "" } }],
        [{ value: 1 }, { value: 2, timestamp: 5 }],
        [{ value: 1 }, { value: 2, key: "" }],
      ];
      for (const records of others)
        expect(refused(await send(0, 7, records), "sequence_reused")["retriable"]).toBe(false);
      expect(await ends(topic)).toEqual([2]);
    });

    test("gaps are normal, an older unknown sequence is out of order for good [PRO-6]", async () => {
      const topic = await newTopic(target);
      const send = sender(topic);
      for (const sequence of [3, 10, 11, 12, 13, 14, 15]) {
        expect((await send(0, sequence, [{ value: sequence }])).status).toBe(200);
      }
      expect(refused(await send(0, 5, [{ value: 5 }]), "out_of_order_sequence")["retriable"]).toBe(false);
      expect(shaped(await send(0, 11, [{ value: 11 }]), produceAnswer)).toEqual({
        offsets: [{ partition: 0, offset: 2 }],
        duplicate: true,
      });
      expect(await ends(topic)).toEqual([7]);
    });

    test("an older epoch is fenced, a newer one starts at any sequence [PRO-6]", async () => {
      const topic = await newTopic(target);
      const send = sender(topic);
      expect((await send(1, 100, [{ value: 1 }])).status).toBe(200);
      expect((await send(2, 0, [{ value: 2 }])).status).toBe(200);
      refused(await send(1, 101, [{ value: 3 }]), "fenced_producer");
      expect(await ends(topic)).toEqual([2]);
    });

    test("where one of several partitions refuses, 207 says so record by record, and a repeat answers the same [PRO-9]", async () => {
      const topic = await newTopic(target, { partitions: 3 });
      const send = sender(topic);
      expect((await send(0, 5, [{ value: "ahead", partition: 1 }])).status).toBe(200);
      const records = [
        { value: "a", partition: 0 },
        { value: "b", partition: 1 },
        { value: "c", partition: 0 },
      ];
      const first = shaped(await send(0, 3, records), partialProduceAnswer, 207);
      expect(first.offsets[0]).toEqual({ partition: 0, offset: 0 });
      expect(first.offsets[1]).toMatchObject({
        error: { code: "out_of_order_sequence", retriable: false },
        partition: 1,
      });
      expect(first.offsets[2]).toEqual({ partition: 0, offset: 1 });
      expect(shaped(await send(0, 3, records), partialProduceAnswer, 207)).toEqual(first);
      expect(await ends(topic)).toEqual([2, 1, 0]);
    });

    test("a client that returns asks where it stands [PRO-10]", async () => {
      const topic = await newTopic(target, { partitions: 3 });
      const id = uniqueName("producer");
      const send = sender(topic, id);
      await send(4, 1, [{ value: 1, partition: 0 }]);
      await send(4, 2, [{ value: 1, partition: 2 }]);
      const positions = shaped(await call(target, `GET /v1/topics/${topic}/producers/${id}`), producerPositions);
      expect(positions.partitions).toEqual([
        { partition: 0, epoch: 4, lastSequence: 1 },
        { partition: 2, epoch: 4, lastSequence: 2 },
      ]);
      const unknown = shaped(
        await call(target, `GET /v1/topics/${topic}/producers/${uniqueName("p")}`),
        producerPositions,
      );
      expect(unknown.partitions).toEqual([]);
    });

    test("producer headers go all together and are checked [PRO-5]", async () => {
      const topic = await newTopic(target);
      const cases = [
        { "producer-id": "p" },
        { "producer-id": "p", "producer-epoch": "0" },
        { "producer-id": "p".repeat(65), "producer-epoch": "0", "producer-sequence": "0" },
        { "producer-id": "p", "producer-epoch": "x", "producer-sequence": "0" },
        { "producer-id": "p", "producer-epoch": "0", "producer-sequence": "-1" },
      ];
      for (const headers of cases) {
        refused(
          await call(target, `POST /v1/topics/${topic}/records`, { headers, body: { records: [{ value: 1 }] } }),
          "invalid_request",
        );
      }
      expect(await ends(topic)).toEqual([0]);
    });

    test("producer ids for RecordBatches are given out once [PRO-7]", async () => {
      const one = shaped(await call(target, "POST /v1/producers"), producerAllocation);
      const two = shaped(await call(target, "POST /v1/producers"), producerAllocation);
      expect(one.producerEpoch).toBe(0);
      expect(two.producerId).not.toBe(one.producerId);
    });
  });
}
