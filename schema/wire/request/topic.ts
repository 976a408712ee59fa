import * as z from "zod";
import { FOREVER, MAX_PARTITIONS, MAX_RECORD_BYTES, MAX_TIMESTAMP_MS } from "../../limits.ts";
import { flag } from "./parameter.ts";

/** What may be set; what is absent takes its default on creation and stays as it is on a change. */
export const topicConfigChange = z
  .strictObject({
    retentionMs: z.int().min(FOREVER).exactOptional(),
    retentionBytes: z.int().min(FOREVER).exactOptional(),
    holdForPipelines: z.boolean().exactOptional(),
    cleanupPolicy: z.literal("delete", { error: 'only "delete" is available' }).exactOptional(),
    timestampType: z.enum(["CreateTime", "LogAppendTime"]).exactOptional(),
    timestampAheadMs: z.int().min(0).max(MAX_TIMESTAMP_MS).exactOptional(),
    maxRecordBytes: z.int().min(1).max(MAX_RECORD_BYTES).exactOptional(),
  })
  .meta({ id: "TopicConfigChange" });

export const topicCreation = z
  .strictObject({
    partitions: z.int().min(1).max(MAX_PARTITIONS).default(1),
    config: topicConfigChange.default({}),
  })
  .meta({ id: "TopicCreation" });

export const topicChange = z.strictObject({ config: topicConfigChange }).meta({ id: "TopicChange" });

/** `force` deletes although a pipeline reads or writes the topic; that pipeline fails. */
export const topicDeletionQuery = z.strictObject({ force: flag.optional() });

/** Of each partition named, the records before the offset go. There is no word for the end of a log: asked again it would remove records that have come since. */
export const topicTrim = z
  .strictObject({
    offsets: z
      .array(z.strictObject({ partition: z.int().min(0), offset: z.int().min(0) }))
      .min(1)
      .max(MAX_PARTITIONS),
  })
  .meta({ id: "TopicTrim" });
