import * as z from "zod";
import { MAX_PARTITIONS } from "../../limits.ts";
import { integer } from "./parameter.ts";

/** `partition` is required with a RecordBatch and unknown with records, which say it one by one. */
export const produceQuery = z.strictObject({ partition: integer(0, MAX_PARTITIONS - 1).optional() });
