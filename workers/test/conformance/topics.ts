import { describe, expect, test } from "vitest";
import { readAnswer } from "../../../schema/wire/answer/read.ts";
import { topicDescription, topicList, topicSummary, topicTrimmed } from "../../../schema/wire/answer/topic.ts";
import { call, shaped, type Target } from "../http.ts";
import { uniqueName } from "../names.ts";
import { refused } from "../refused.ts";
import { newTopic } from "../topic-of.ts";

const put = (target: Target, topic: string, body?: object | string) =>
  call(target, `PUT /v1/topics/${topic}`, { body });

export function topicConformance(target: Target): void {
  describe("topics", () => {
    test("PUT creates with defaults, the same again is 200, other settings are topic_exists [TOP-2]", async () => {
      const topic = uniqueName("conformance");
      const created = shaped(await put(target, topic), topicSummary, 201);
      expect(created).toMatchObject({ name: topic, partitions: 1 });
      expect(created.config).toMatchObject({
        holdForPipelines: true,
        cleanupPolicy: "delete",
        timestampType: "CreateTime",
        timestampAheadMs: 3_600_000,
      });
      expect(shaped(await put(target, topic, {}), topicSummary)).toEqual(created);
      expect(shaped(await put(target, topic, { partitions: 1, config: {} }), topicSummary)).toEqual(created);
      refused(await put(target, topic, { partitions: 2 }), "topic_exists");
      refused(await put(target, topic, { config: { retentionMs: 1000 } }), "topic_exists");
    });

    test("every partition is open when PUT has answered [TOP-2]", async () => {
      const topic = await newTopic(target, { partitions: 4, config: { retentionMs: 60_000 } });
      const description = shaped(await call(target, `GET /v1/topics/${topic}`), topicDescription);
      expect(description).toMatchObject({ name: topic, heldBy: [], config: { retentionMs: 60_000 } });
      expect(description.partitions).toEqual(
        [0, 1, 2, 3].map((partition) => {
          return { partition, logStartOffset: 0, logEndOffset: 0, bytes: 0, lastTimestamp: -1 };
        }),
      );
      const { topics } = shaped(await call(target, "GET /v1/topics"), topicList);
      expect(topics).toContainEqual(expect.objectContaining({ name: topic, partitions: 4 }));
    });

    test("names outside the alphabet and internal names are refused [TOP-1]", async () => {
      for (const name of ["a%2Fb", "a%20b", "x".repeat(300), "ä", "%zz", "a%00b"]) {
        expect(refused(await put(target, name), "invalid_request").field).toBe("topic");
        refused(await call(target, `POST /v1/topics/${name}/records`, { body: { records: [] } }), "invalid_request");
      }
      refused(await put(target, "__internal"), "invalid_request");
      refused(await call(target, "GET /v1/topics/__internal/partitions/0/records?offset=0"), "invalid_request");
      expect((await put(target, uniqueName("A.b_c-9"))).status).toBe(201);
    });

    test("settings are checked, and a refusal names the field [TOP-3]", async () => {
      const cases: readonly (readonly [body: object, field: string])[] = [
        [{ partitions: 0 }, "partitions"],
        [{ partitions: 257 }, "partitions"],
        [{ partitions: 1.5 }, "partitions"],
        [{ partitions: "1" }, "partitions"],
        [{ partition: 1 }, "partition"],
        [[], "body"],
        [{ config: { retention: 1 } }, "config.retention"],
        [{ config: { retentionMs: "1" } }, "config.retentionMs"],
        [{ config: { cleanupPolicy: "compact" } }, "config.cleanupPolicy"],
        [{ config: { holdForPipelines: "no" } }, "config.holdForPipelines"],
        [{ config: { timestampType: "EventTime" } }, "config.timestampType"],
        [{ config: { maxRecordBytes: 100_000_000 } }, "config.maxRecordBytes"],
        [{ config: null }, "config"],
      ];
      for (const [body, field] of cases) {
        const name = uniqueName("conformance");
        const problem = refused(await put(target, name, body), "invalid_request");
        expect(problem.field).toBe(field);
        refused(await call(target, `GET /v1/topics/${name}`), "unknown_topic");
      }
      const compact = refused(
        await put(target, uniqueName("c"), { config: { cleanupPolicy: "compact" } }),
        "invalid_request",
      );
      expect(compact.detail).toContain('"delete"');
    });

    test("PATCH changes settings; the partitions never [TOP-4]", async () => {
      const topic = await newTopic(target, { partitions: 2 });
      const changed = shaped(
        await call(target, `PATCH /v1/topics/${topic}`, { body: { config: { maxRecordBytes: 100 } } }),
        topicSummary,
      );
      expect(changed.config).toMatchObject({ maxRecordBytes: 100, timestampAheadMs: 3_600_000 });
      const described = shaped(await call(target, `GET /v1/topics/${topic}`), topicDescription);
      expect(described.config).toEqual(changed.config);
      const tooLarge = await call(target, `POST /v1/topics/${topic}/records`, {
        body: { records: [{ value: "x".repeat(200) }] },
      });
      refused(tooLarge, "record_too_large");
      refused(await call(target, `PATCH /v1/topics/${topic}`, { body: { partitions: 3 } }), "partitions_fixed");
      refused(
        await call(target, `PATCH /v1/topics/${topic}`, { body: { config: { partitions: 3 } } }),
        "invalid_request",
      );
      refused(await call(target, `PATCH /v1/topics/${uniqueName("no")}`, { body: { config: {} } }), "unknown_topic");
    });

    test("trim removes the records before an offset, once, and nothing where one of its offsets cannot be [TOP-7, LOG-15]", async () => {
      const topic = await newTopic(target, { partitions: 2 });
      const records = [0, 0, 0, 1].map((partition, index) => ({ value: index, partition, timestamp: 10 * index }));
      await call(target, `POST /v1/topics/${topic}/records`, { body: { records } });
      const trim = (...offsets: readonly object[]) =>
        call(target, `POST /v1/topics/${topic}/trim`, { body: { offsets } });
      const starts = async (): Promise<number[]> => {
        const description = shaped(await call(target, `GET /v1/topics/${topic}`), topicDescription);
        return description.partitions.map(({ logStartOffset }) => logStartOffset);
      };
      const beyond = refused(
        await trim({ partition: 0, offset: 1 }, { partition: 1, offset: 2 }),
        "offset_out_of_range",
      );
      expect(beyond).toMatchObject({ field: "offsets[1].offset", logEndOffset: 1 });
      const unknown = refused(
        await trim({ partition: 0, offset: 1 }, { partition: 2, offset: 0 }),
        "unknown_partition",
      );
      expect(unknown.field).toBe("offsets[1].partition");
      expect(unknown.detail).toContain("Take one from 0 to 1");
      const twice = refused(await trim({ partition: 0, offset: 1 }, { partition: 0, offset: 2 }), "invalid_request");
      expect(twice.field).toBe("offsets[1].partition");
      for (const [offset, field] of [
        [{ partition: 0, offset: -1 }, "offsets[0].offset"],
        [{ partition: 0 }, "offsets[0].offset"],
        [{ partition: 0, offset: 1, to: 2 }, "offsets[0].to"],
      ] as const) {
        expect(refused(await trim(offset), "invalid_request").field).toBe(field);
      }
      refused(await trim(), "invalid_request");
      expect(await starts()).toEqual([0, 0]);
      const trimmed = shaped(await trim({ partition: 1, offset: 1 }, { partition: 0, offset: 2 }), topicTrimmed);
      expect(trimmed).toEqual({
        partitions: [
          { partition: 1, logStartOffset: 1 },
          { partition: 0, logStartOffset: 2 },
        ],
      });
      expect(shaped(await trim({ partition: 0, offset: 1 }), topicTrimmed)).toEqual({
        partitions: [{ partition: 0, logStartOffset: 2 }],
      });
      expect(await starts()).toEqual([2, 1]);
      const read = (query: string) => call(target, `GET /v1/topics/${topic}/partitions/0/records?${query}`);
      refused(await read("offset=1"), "offset_out_of_range");
      for (const query of ["offset=earliest", "timestamp=0"]) {
        const answer = shaped(await read(query), readAnswer);
        expect(answer).toMatchObject({ logStartOffset: 2, records: [{ offset: 2, value: 2 }] });
        expect(answer.records).toHaveLength(1);
      }
      refused(
        await call(target, `POST /v1/topics/${uniqueName("no")}/trim`, {
          body: { offsets: [{ partition: 0, offset: 0 }] },
        }),
        "unknown_topic",
      );
    });

    test("DELETE leaves nothing readable, and a topic of the same name begins empty [TOP-5, TOP-6]", async () => {
      const topic = await newTopic(target, { partitions: 2 });
      const records = { records: [{ key: "a", value: 1 }] };
      expect((await call(target, `POST /v1/topics/${topic}/records`, { body: records })).status).toBe(200);
      const gone = await call(target, `DELETE /v1/topics/${topic}`);
      expect([gone.status, gone.text]).toEqual([204, ""]);
      refused(await call(target, `GET /v1/topics/${topic}`), "unknown_topic");
      refused(await call(target, `GET /v1/topics/${topic}/partitions/0/records?offset=0`), "unknown_topic");
      refused(await call(target, `POST /v1/topics/${topic}/records`, { body: records }), "unknown_topic");
      refused(await call(target, `DELETE /v1/topics/${topic}`), "unknown_topic");
      expect((await put(target, topic, { partitions: 3 })).status).toBe(201);
      const again = await call(target, `POST /v1/topics/${topic}/records`, {
        body: { records: [{ value: 2, partition: 2 }] },
      });
      expect(JSON.parse(again.text)).toEqual({ offsets: [{ partition: 2, offset: 0 }] });
    });
  });
}
