import * as z from "zod";

const topicConfig = z
  .object({
    retentionMs: z.int(),
    retentionBytes: z.int(),
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

export type TopicSummary = z.infer<typeof topicSummary>;
export type TopicDescription = z.infer<typeof topicDescription>;
