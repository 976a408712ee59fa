import * as z from "zod";
import { errorCode } from "./problem.ts";
import { consumerRecord } from "./read.ts";

const recordOffset = z.object({ partition: z.int(), offset: z.int() }).meta({ id: "RecordOffset" });

const sentRecord = consumerRecord.omit({ offset: true }).extend({ topic: z.string() }).meta({ id: "SentRecord" });

const awaited = {
  /** With `await=processed`: what tasks per event sent for these records. Absent after 10 s of backlog, and for a duplicate. */
  processed: z.array(z.object({ pipeline: z.string(), partition: z.int(), records: z.array(sentRecord) })).optional(),
  /** With `await=delivered`: whether all that they sent had arrived within 25 s. */
  delivered: z.boolean().optional(),
};

/** `duplicate` is there when every record had been stored before. */
export const produceAnswer = z
  .object({ offsets: z.array(recordOffset), duplicate: z.literal(true).optional(), ...awaited })
  .meta({ id: "ProduceAnswer" });

const recordError = z
  .object({
    error: z.looseObject({ code: errorCode, message: z.string(), retriable: z.boolean() }),
    partition: z.int(),
  })
  .meta({ id: "RecordError" });

export const partialProduceAnswer = z
  .object({ offsets: z.array(z.union([recordOffset, recordError])) })
  .meta({ id: "PartialProduceAnswer" });

/** Offsets are -1 where a duplicate is older than what the partition remembers. */
export const batchProduceAnswer = z
  .object({
    partition: z.int(),
    baseOffset: z.int(),
    lastOffset: z.int(),
    duplicate: z.literal(true).optional(),
    /** Absent with `offsets=range`. */
    offsets: z.array(recordOffset).optional(),
    ...awaited,
  })
  .meta({ id: "BatchProduceAnswer" });
