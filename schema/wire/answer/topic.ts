import * as z from "zod";

const topicConfig = z
  .object({
    retentionMs: z.int(),
    retentionBytes: z.int(),
    holdForPipelines: z
      .boolean()
      .meta({ description: "Retention keeps what a pipeline has not read; else it counts as `skippedRecords`." }),
    cleanupPolicy: z.literal("delete"),
    timestampType: z.enum(["CreateTime", "LogAppendTime"]),
    timestampAheadMs: z.int(),
    maxRecordBytes: z.int(),
  })
  .meta({ id: "TopicConfig" });

export const topicSummary = z
  .object({ name: z.string(), topicId: z.string(), partitions: z.int(), config: topicConfig })
  .meta({ id: "TopicSummary" });

export const topicList = z.object({ topics: z.array(topicSummary) }).meta({ id: "TopicList" });

export const topicDescription = z
  .object({
    name: z.string(),
    topicId: z.string(),
    config: topicConfig,
    heldBy: z.array(z.string()).meta({ description: "Pipelines that read or write the topic." }),
    partitions: z.array(
      z.object({
        partition: z.int(),
        logStartOffset: z.int(),
        logEndOffset: z.int(),
        bytes: z.int(),
        lastTimestamp: z.int().meta({ description: "Largest record time, ms; -1 when empty." }),
      }),
    ),
  })
  .meta({ id: "TopicDescription" });

export const topicTrimmed = z
  .object({ partitions: z.array(z.object({ partition: z.int(), logStartOffset: z.int() })) })
  .meta({ id: "TopicTrimmed" });

export type TopicSummary = z.infer<typeof topicSummary>;
export type TopicDescription = z.infer<typeof topicDescription>;
