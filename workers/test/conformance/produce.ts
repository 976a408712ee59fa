import { describe, expect, test } from "vitest";
import { produceAnswer } from "../../../schema/wire/answer/produce.ts";
import { readAnswer } from "../../../schema/wire/answer/read.ts";
import { call, shaped, type Call, type Reply, type Target } from "../http.ts";
import { newTopic } from "../topic-of.ts";

/** The field of each record's JSON as it stands in the answer's text, without parsing it. */
function valueTexts(reply: Reply): string[] {
  return [...reply.text.matchAll(/"value":(.*?),"headers"/g)].map(([, text]) => text ?? "");
}

export function produceConformance(target: Target): void {
  const post = (topic: string, request: Call) => call(target, `POST /v1/topics/${topic}/records`, request);
  const read = (topic: string, partition = 0, more = "offset=0") =>
    call(target, `GET /v1/topics/${topic}/partitions/${partition}/records?${more}`);

  describe("produce", () => {
    test("offsets are dense from 0 and answered in the order sent [PRO-1]", async () => {
      const topic = await newTopic(target);
      const first = await post(topic, { body: { records: [{ value: 1 }, { value: 2 }] } });
      expect(shaped(first, produceAnswer).offsets).toEqual([
        { partition: 0, offset: 0 },
        { partition: 0, offset: 1 },
      ]);
      const second = await post(topic, { body: { records: [{ key: "k", value: 3 }] } });
      expect(shaped(second, produceAnswer).offsets).toEqual([{ partition: 0, offset: 2 }]);
    });

    test("values come back as their source text: 12.30, 2^53+1, spaces in strings [PRO-2]", async () => {
      const topic = await newTopic(target);
      const values = [
        "12.30",
        "9007199254740993",
        "1e400",
        '{ "a" : [1.0,  2], "\\u00e9": "é" }',
        '"\\ud83d\\ude00 😀"',
        "true",
      ];
      const body = `{"records":[${values.map((value) => `{"value":${value}}`).join(",")}]}`;
      expect((await post(topic, { body })).status).toBe(200);
      expect(valueTexts(await read(topic))).toEqual(values);
    });

    test("keys, bytes, headers, timestamps and tombstones come back as they went [PRO-2]", async () => {
      const topic = await newTopic(target);
      const sent = [
        { key: "ä", value: { n: 1 }, timestamp: 0, headers: { h: "1", "": "é" } },
        { key: null, value: { base64: "/wA=" }, timestamp: 1_700_000_000_000, headers: {} },
        { key: { base64: "/w==" }, value: null, timestamp: 5, headers: {} },
        { key: "only a key", timestamp: 6 },
      ];
      expect((await post(topic, { body: { records: sent } })).status).toBe(200);
      const { records } = shaped(await read(topic), readAnswer);
      expect(records).toEqual(
        sent.map((record, offset) => ({ partition: 0, offset, headers: {}, value: null, ...record })),
      );
    });

    test("a record without a timestamp gets the time of the request [PRO-2]", async () => {
      const topic = await newTopic(target);
      const before = Date.now() - 60_000;
      await post(topic, { body: { records: [{ value: 1 }] } });
      const { records } = shaped(await read(topic), readAnswer);
      expect(records[0]?.timestamp).toBeGreaterThan(before);
      expect(records[0]?.timestamp).toBeLessThan(Date.now() + 60_000);
    });

    test("NDJSON is the same records, one a line [PRO-3]", async () => {
      const topic = await newTopic(target);
      const headers = { "content-type": "application/x-ndjson" };
      const body = '{"value":1.50}\r\n\n{"key":"a","value":"x","timestamp":7}\n{"value":[1, 2]}';
      expect(shaped(await post(topic, { body, headers }), produceAnswer).offsets.map(({ offset }) => offset)).toEqual([
        0, 1, 2,
      ]);
      expect(valueTexts(await read(topic))).toEqual(["1.50", '"x"', "[1, 2]"]);
    });

    test("gzip is unfolded [HTTP-8]", async () => {
      const topic = await newTopic(target);
      const folded = await gzip(utf8('{"records":[{"value":"folded"}]}'));
      const headers = { "content-type": "application/json", "content-encoding": "gzip" };
      expect((await post(topic, { body: folded, headers })).status).toBe(200);
      expect(valueTexts(await read(topic))).toEqual(['"folded"']);
    });

    test("placement is the partition, else murmur2 of the key, else one for all key-less records [PRO-4]", async () => {
      const topic = await newTopic(target, { partitions: 4 });
      // Kafka's UtilsTest: murmur2("foobar") = -790332482, ("abc") = 479470107, ("21") = -973932308.
      const records = [
        { key: "foobar", value: 1 },
        { key: "abc", value: 1 },
        { key: "21", value: 1 },
        { key: "foobar", value: 1, partition: 3 },
      ];
      const placed = shaped(await post(topic, { body: { records } }), produceAnswer).offsets.map(
        ({ partition }) => partition,
      );
      expect(placed).toEqual([(-790332482 & 0x7fffffff) % 4, 479470107 % 4, (-973932308 & 0x7fffffff) % 4, 3]);
      const keyless = shaped(
        await post(topic, { body: { records: Array.from({ length: 20 }, () => ({ value: 1 })) } }),
        produceAnswer,
      );
      expect(new Set(keyless.offsets.map(({ partition }) => partition)).size).toBe(1);
    });

    test("10,000 records over 8 partitions are all there, in order per key [PRO-1, PRO-4]", async () => {
      const topic = await newTopic(target, { partitions: 8 });
      const records = Array.from({ length: 10_000 }, (_, n) => ({ key: `k${n % 100}`, value: n, timestamp: n }));
      const { offsets } = shaped(await post(topic, { body: { records } }), produceAnswer);
      expect(offsets.length).toBe(10_000);
      const ends = new Map<number, number>();
      for (const { partition, offset } of offsets) {
        expect(offset).toBe(ends.get(partition) ?? 0);
        ends.set(partition, offset + 1);
      }
      const [partition, end] = [...ends][0] ?? [0, 0];
      const page = shaped(await read(topic, partition, `offset=0&maxRecords=10000&maxBytes=4000000`), readAnswer);
      expect(page.records.map(({ value }) => value)).toEqual(
        records.filter((_, index) => offsets[index]?.partition === partition).map(({ value }) => value),
      );
      expect([page.nextOffset, page.logEndOffset]).toEqual([end, end]);
    });
  });
}

/** Cloudflare's and the DOM's types of `encode` differ in the buffer. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(text));
}

export async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
