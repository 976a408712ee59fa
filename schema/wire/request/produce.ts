import * as z from "zod";
import { integer } from "./parameter.ts";

/**
 * `offsets=range` leaves out the entry for each record of a RecordBatch, whose range says the same: writing and reading
 * ten thousand of them costs more than storing the batch. `partition` is required with a RecordBatch and refused with records, which say it one by one. With
 * `await` the answer comes when the tasks per event on these partitions have run the records (`processed`), or when what
 * they sent has arrived (`delivered`).
 */
export const produceQuery = z.strictObject({
  partition: integer(0).optional(),
  offsets: z.enum(["each", "range"]).optional(),
  await: z.enum(["processed", "delivered"]).optional(),
});
export type ProduceParameters = z.infer<typeof produceQuery>;
