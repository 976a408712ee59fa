import * as z from "zod";
import { errorCode } from "./problem.ts";

const recordOffset = z.object({ partition: z.int(), offset: z.int() }).meta({ id: "RecordOffset" });

/** `duplicate` is there when every record had been stored before. */
export const produceAnswer = z
  .object({ offsets: z.array(recordOffset), duplicate: z.literal(true).optional() })
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
  })
  .meta({ id: "BatchProduceAnswer" });
