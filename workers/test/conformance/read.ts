import { describe, expect, test } from "vitest";
import { encodeBatch } from "../../../schema/record-batch/encode.ts";
import { readAnswer } from "../../../schema/wire/answer/read.ts";
import { call, shaped, type Target } from "../http.ts";
import { uniqueName } from "../names.ts";
import { refused } from "../refused.ts";
import { newTopic } from "../topic-of.ts";

export function readConformance(target: Target): void {
  const read = (topic: string, query: string, partition: number | string = 0) =>
    call(target, `GET /v1/topics/${topic}/partitions/${partition}/records?${query}`);
  const append = (topic: string, records: readonly object[]) =>
    call(target, `POST /v1/topics/${topic}/records`, { body: { records } });

  /** Records 0 … 9 in batches of 3, 4 and 3; record n has time 1000 + 10 n. */
  async function tenRecords(): Promise<string> {
    const topic = await newTopic(target);
    for (const [from, count] of [
      [0, 3],
      [3, 4],
      [7, 3],
    ] as const) {
      const records = Array.from({ length: count }, (_, index) => ({
        value: from + index,
        timestamp: 1000 + 10 * (from + index),
      }));
      expect((await append(topic, records)).status).toBe(200);
    }
    return topic;
  }

  describe("read", () => {
    test("any offset begins there, inside a batch too, and reading on gives every record once [REA-1]", async () => {
      const topic = await tenRecords();
      for (let from = 0; from < 10; from++) {
        const { records, nextOffset } = shaped(await read(topic, `offset=${from}`), readAnswer);
        expect(records.map(({ offset, value }) => [offset, value])).toEqual(
          Array.from({ length: 10 - from }, (_, n) => [from + n, from + n]),
        );
        expect(nextOffset).toBe(10);
      }
      for (const [limit, most] of [
        ["maxRecords=1", 1],
        ["maxRecords=2", 2],
        ["maxRecords=4", 4],
        ["maxBytes=1", 1],
        ["maxRecords=3&maxBytes=1", 1],
      ] as const) {
        const seen: unknown[] = [];
        for (let offset = 0; offset < 10;) {
          const page = shaped(await read(topic, `offset=${offset}&${limit}`), readAnswer);
          expect(page.records.length).toBeGreaterThan(0);
          expect(page.records.length).toBeLessThanOrEqual(most);
          seen.push(...page.records.map(({ value }) => value));
          offset = page.nextOffset;
        }
        expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      }
    });

    test("earliest, latest, and earliest when nothing is said [REA-1]", async () => {
      const topic = await tenRecords();
      expect(shaped(await read(topic, "offset=earliest&maxRecords=1"), readAnswer)).toMatchObject({
        nextOffset: 1,
        logStartOffset: 0,
        logEndOffset: 10,
      });
      expect(shaped(await read(topic, "maxRecords=1"), readAnswer).records[0]?.offset).toBe(0);
      expect(shaped(await read(topic, "offset=latest"), readAnswer)).toEqual({
        records: [],
        nextOffset: 10,
        logStartOffset: 0,
        logEndOffset: 10,
      });
    });

    test("beyond the end is out of range, the end itself is empty [REA-2]", async () => {
      const topic = await tenRecords();
      expect(shaped(await read(topic, "offset=10"), readAnswer)).toMatchObject({ records: [], nextOffset: 10 });
      for (const offset of [11, 1_000_000, Number.MAX_SAFE_INTEGER])
        refused(await read(topic, `offset=${offset}`), "offset_out_of_range");
      refused(await read(topic, "offset=11&waitMs=1000"), "offset_out_of_range");
      expect(shaped(await read(await newTopic(target), "offset=0"), readAnswer)).toMatchObject({
        records: [],
        nextOffset: 0,
      });
    });

    test("a time begins at the first record of at least that time [REA-3]", async () => {
      const topic = await tenRecords();
      for (const [timestamp, first] of [
        [0, 0],
        [1000, 0],
        [1001, 1],
        [1045, 5],
        [1090, 9],
      ] as const) {
        expect(shaped(await read(topic, `timestamp=${timestamp}`), readAnswer).records[0]?.offset).toBe(first);
      }
      expect(shaped(await read(topic, "timestamp=1091"), readAnswer)).toMatchObject({ records: [], nextOffset: 10 });
      refused(await read(topic, "timestamp=1000&offset=0"), "invalid_request");
    });

    test("parameters are checked [HTTP-4]", async () => {
      const topic = await newTopic(target);
      const bad = [
        "offset=-1",
        "offset=1.5",
        "offset=NaN",
        "offset=",
        "offset=1e3",
        "offset=9007199254740993",
        "offset=first",
        "timestamp=-1",
        "timestamp=x",
        "timestamp=253402300800000",
        "offset=0&maxRecords=0",
        "offset=0&maxBytes=-1",
        "offset=0&waitMs=30001",
        "offset=0&waitMs=x",
        "offset=0&format=json",
      ];
      for (const query of bad) refused(await read(topic, query), "invalid_request");
      shaped(await read(topic, "offset=0&maxRecords=1000000&maxBytes=100000000"), readAnswer);
      for (const partition of [1, 256, 99_999, "x", "-1", "1.5", "0x0"])
        expect(refused(await read(topic, "offset=0", partition), "unknown_partition").field).toBe("partition");
      refused(await read(uniqueName("nowhere"), "offset=0"), "unknown_topic");
    });

    test("a long poll wakes on an append and ends with nothing in its time [REA-4]", async () => {
      const topic = await newTopic(target);
      const startedMs = Date.now();
      const waiting = read(topic, "offset=0&waitMs=20000");
      await new Promise((resolve) => setTimeout(resolve, 50));
      await append(topic, [{ value: "awake" }]);
      expect(shaped(await waiting, readAnswer)).toMatchObject({ records: [{ value: "awake" }], nextOffset: 1 });
      expect(Date.now() - startedMs).toBeLessThan(10_000);
      expect(shaped(await read(topic, "offset=1&waitMs=50"), readAnswer)).toMatchObject({ records: [], nextOffset: 1 });
      expect(shaped(await read(topic, "offset=0&waitMs=20000"), readAnswer).records.length).toBe(1);
    });

    test("values that are no JSON come as text or base64, and format=binary gives base64 always [REA-5]", async () => {
      const topic = await newTopic(target);
      const bytes = new Uint8Array([0xff, 0x00]);
      const values = ["12.30", "plain text", "", bytes, null].map((value) => ({
        key: "k",
        value,
        timestampMs: 1,
        headers: [{ key: "h", value: "v" }],
      }));
      const headers = { "content-type": "application/vnd.kafka.recordbatch" };
      expect(
        (await call(target, `POST /v1/topics/${topic}/records?partition=0`, { body: encodeBatch(values), headers }))
          .status,
      ).toBe(200);
      const json = await read(topic, "offset=0");
      expect(json.text).toContain('"value":12.30');
      expect(shaped(json, readAnswer).records.map(({ value }) => value)).toEqual([
        12.3,
        { text: "plain text" },
        { text: "" },
        { base64: "/wA=" },
        null,
      ]);
      const binary = shaped(await read(topic, "offset=0&format=binary"), readAnswer).records;
      expect(binary.map(({ value }) => value)).toEqual([
        { base64: "MTIuMzA=" },
        { base64: "cGxhaW4gdGV4dA==" },
        { base64: "" },
        { base64: "/wA=" },
        null,
      ]);
    });
  });
}
