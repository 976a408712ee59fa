import * as z from "zod";
import { base64Bytes } from "../request/produce-body.ts";

export const consumerRecord = z
  .object({
    partition: z.int(),
    offset: z.int(),
    timestamp: z.int(),
    key: z.union([z.string(), base64Bytes, z.null()]),
    value: z.unknown().meta({
      description: 'The stored JSON text verbatim; `{"text": "…"}` for other UTF-8, `{"base64": "…"}` for other bytes.',
    }),
    headers: z.record(z.string(), z.union([z.string(), base64Bytes, z.null()])),
  })
  .meta({ id: "ConsumerRecord" });

/** `nextOffset` is where the next read goes on. */
export const readAnswer = z
  .object({
    records: z.array(consumerRecord),
    nextOffset: z.int(),
    logStartOffset: z.int(),
    logEndOffset: z.int(),
  })
  .meta({ id: "ReadAnswer" });

export type ConsumerRecordJson = z.infer<typeof consumerRecord>;
export type ReadAnswerJson = z.infer<typeof readAnswer>;
