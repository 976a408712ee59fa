// The body of a produce request, for the OpenAPI document and for tests. The Worker reads it with `schema/produce-text.ts` and
// `schema/produce-record.ts`, which keep the source text of values. They refuse whatever these shapes refuse, and more: a
// record with neither key nor value, and sizes (BAT-11).
import * as z from "zod";
import { MAX_RECORDS_PER_REQUEST, MAX_TIMESTAMP_MS, MIN_TIMESTAMP_MS } from "../../limits.ts";

export const base64Bytes = z.strictObject({ base64: z.base64() }).meta({ id: "Base64" });

export const producerRecord = z
  .strictObject({
    key: z.union([z.string(), base64Bytes, z.null()]).optional(),
    value: z.unknown().optional().meta({
      description: 'Any JSON, stored as its exact text, or `{"base64": "…"}` for bytes. null or absent is a tombstone.',
    }),
    timestamp: z.int().min(MIN_TIMESTAMP_MS).max(MAX_TIMESTAMP_MS).optional(),
    headers: z.record(z.string(), z.string()).optional(),
    partition: z.int().min(0).optional(),
  })
  .meta({ id: "ProducerRecord", description: "One of `key` and `value` is required." });

export const produceBody = z
  .strictObject({ records: z.array(producerRecord).min(1).max(MAX_RECORDS_PER_REQUEST) })
  .meta({ id: "ProduceBody" });
