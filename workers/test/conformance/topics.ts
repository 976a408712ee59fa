import { describe, expect, test } from "vitest";
import { topicDescription, topicList, topicSummary } from "../../../schema/wire/answer/topic.ts";
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
        [{ config: { retention: 1 } }, "config.retention"],
        [{ config: { retentionMs: "1" } }, "config.retentionMs"],
        [{ config: { cleanupPolicy: "compact" } }, "config.cleanupPolicy"],
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
