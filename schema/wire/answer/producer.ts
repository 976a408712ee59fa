import * as z from "zod";

export const producerAllocation = z
  .object({ producerId: z.int(), producerEpoch: z.int() })
  .meta({ id: "ProducerAllocation" });

/** Partitions that have not heard of the producer are absent. */
export const producerPositions = z
  .object({
    partitions: z.array(z.object({ partition: z.int(), epoch: z.int(), lastSequence: z.int() })),
  })
  .meta({ id: "ProducerPositions" });
