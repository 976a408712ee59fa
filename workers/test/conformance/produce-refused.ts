import { describe, expect, test } from "vitest";
import { call, type Call, type Target } from "../http.ts";
import { uniqueName } from "../names.ts";
import { refused } from "../refused.ts";
import { newTopic } from "../topic-of.ts";
import { gzip, utf8 } from "./produce.ts";

const NDJSON = { "content-type": "application/x-ndjson" };
const GZIP = { "content-type": "application/json", "content-encoding": "gzip" };

/** Every refusal leaves the log as it was: the topic is empty at the end. */
export function refusedProduceConformance(target: Target): void {
  const post = (topic: string, request: Call) => call(target, `POST /v1/topics/${topic}/records`, request);
  async function expectEmpty(topic: string): Promise<void> {
    const reply = await call(target, `GET /v1/topics/${topic}`);
    const { partitions } = JSON.parse(reply.text) as { partitions: { logEndOffset: number }[] };
    expect(partitions.map(({ logEndOffset }) => logEndOffset)).toEqual(partitions.map(() => 0));
  }

  describe("produce, refused", () => {
    test("text that is not JSON, not UTF-8 or of another shape [PRO-8]", async () => {
      const topic = await newTopic(target, { partitions: 2 });
      const bodies: readonly (string | Uint8Array<ArrayBuffer>)[] = [
        "",
        "{",
        "null",
        "[]",
        "{}",
        '{"records": []}',
        '{"records": {}}',
        '{"records": [1]}',
        '{"records": [{"value": 1}], "more": 1}',
        '{"records": [{"value": NaN}]}',
        '{"records": [{"value": 01}]}',
        '{"records": [{"value": "\\x"}]}',
        '{"records": [{"value": 1},]}',
        '{"records": [{"value": 1}]} x',
        '{"records": [{"value": 1}, {}]}',
        '{"records": [{"key": 5, "value": 1}]}',
        '{"records": [{"key": {"base64": "%%"}, "value": 1}]}',
        '{"records": [{"value": {"base64": "A"}}]}',
        '{"records": [{"headers": {"h": 1}, "value": 1}]}',
        '{"records": [{"headers": [], "value": 1}]}',
        '{"records": [{"value": 1, "partition": "0"}]}',
        '{"records": [{"value": 1, "partition": -1}]}',
        new Uint8Array([...new TextEncoder().encode('{"records":[{"value":"'), 0xff, 0x22, 0x7d, 0x5d, 0x7d]),
      ];
      for (const body of bodies) refused(await post(topic, { body }), "invalid_request");
      await expectEmpty(topic);
    });

    test("an unknown field is named by its path [PRO-8, HTTP-3]", async () => {
      const topic = await newTopic(target);
      const body = { records: [{ value: 1 }, { value: 1, ts: 5 }] };
      const problem = refused(await post(topic, { body }), "invalid_request");
      expect(`${problem.field} ${problem.detail}`).toContain("records[1].ts");
      const line = refused(
        await post(topic, { body: '{"value":1}\n{"value":1,"ts":5}', headers: NDJSON }),
        "invalid_request",
      );
      expect(`${line.field} ${line.detail}`).toContain("ts");
      await expectEmpty(topic);
    });

    test("timestamps that are negative, no integer, after 9999 or far ahead [PRO-8]", async () => {
      const topic = await newTopic(target, { partitions: 2 });
      for (const timestamp of ["-1", "253402300800000", "1e300", "1.5", "NaN"]) {
        const body = `{"records":[{"value":1,"partition":1},{"value":1,"timestamp":${timestamp}}]}`;
        refused(await post(topic, { body }), "invalid_timestamp");
      }
      for (const timestamp of ['"5"', "null", "{}"]) {
        const reply = await post(topic, { body: `{"records":[{"value":1,"timestamp":${timestamp}}]}` });
        expect(["invalid_request", "invalid_timestamp"]).toContain((JSON.parse(reply.text) as { code: string }).code);
      }
      const year9999 = {
        records: [
          { value: 1, partition: 0 },
          { value: 1, partition: 1, timestamp: 253_402_300_799_999 },
        ],
      };
      refused(await post(topic, { body: year9999 }), "invalid_timestamp");
      const soon = { records: [{ value: 1, timestamp: Date.now() + 7_200_000 }] };
      refused(await post(topic, { body: soon }), "invalid_timestamp");
      await expectEmpty(topic);
    });

    test("10,001 records, a record of 5 MB, a body above the limit [PRO-8, HTTP-7]", async () => {
      const topic = await newTopic(target, { partitions: 2 });
      const many = `{"records":[${Array.from({ length: 10_001 }, () => '{"value":1}').join(",")}]}`;
      expect(refused(await post(topic, { body: many }), "batch_too_large").detail).toContain("10000");
      const lines = Array.from({ length: 10_001 }, () => '{"value":1}').join("\n");
      refused(await post(topic, { body: lines, headers: NDJSON }), "batch_too_large");
      refused(
        await post(topic, {
          body: {
            records: [
              { key: "a", value: 1 },
              { key: "b", value: "x".repeat(5_000_000) },
            ],
          },
        }),
        "record_too_large",
      );
      const key = { records: [{ key: "k".repeat(20_000), value: 1 }] };
      refused(await post(topic, { body: key }), "record_too_large");
      const several = { records: Array.from({ length: 5 }, () => ({ partition: 0, value: "x".repeat(900_000) })) };
      refused(await post(topic, { body: several }), "batch_too_large");
      refused(await post(topic, { body: new Uint8Array(17 * 1024 * 1024).fill(0x20) }), "batch_too_large");
      await expectEmpty(topic);
    });

    test("gzip that is broken, cut, or a bomb [HTTP-8]", async () => {
      const topic = await newTopic(target);
      const folded = await gzip(utf8('{"records":[{"value":1}]}'));
      refused(await post(topic, { body: '{"records":[{"value":1}]}', headers: GZIP }), "invalid_request");
      refused(await post(topic, { body: folded.slice(0, -3), headers: GZIP }), "invalid_request");
      const bomb = await gzip(new Uint8Array(40 * 1024 * 1024));
      refused(await post(topic, { body: bomb, headers: GZIP }), "batch_too_large");
      refused(
        await post(topic, { body: folded, headers: { ...GZIP, "content-encoding": "br" } }),
        "unsupported_media_type",
      );
      await expectEmpty(topic);
    });

    test("other content types, unknown topics and partitions, await [HTTP-6, PRO-8]", async () => {
      const topic = await newTopic(target, { partitions: 2 });
      const body = '{"records":[{"value":1}]}';
      for (const type of ["text/plain", "application/json; charset=latin1", "application/octet-stream"]) {
        refused(await post(topic, { body, headers: { "content-type": type } }), "unsupported_media_type");
      }
      refused(await post(uniqueName("nowhere"), { body }), "unknown_topic");
      refused(
        await post(topic, { body: { records: [{ value: 1 }, { value: 1, partition: 2 }] } }),
        "unknown_partition",
      );
      const waiting = await call(target, `POST /v1/topics/${topic}/records?await=never`, { body });
      expect(refused(waiting, "invalid_request").field).toBe("await");
      const misplaced = await call(target, `POST /v1/topics/${topic}/records?partition=1`, { body });
      expect(refused(misplaced, "invalid_request").field).toBe("partition");
      await expectEmpty(topic);
    });
  });
}
