import * as z from "zod";

/** `more`: there are more rows than `maxRows`. `reflects`: every record of `topic`/`partition` below `offset`. */
export const sqlAnswer = z
  .object({
    columns: z.array(z.string()),
    rows: z.array(z.array(z.union([z.string(), z.number(), z.null()]))),
    more: z.boolean(),
    reflects: z.array(z.object({ topic: z.string(), partition: z.int(), offset: z.int() })),
  })
  .meta({ id: "SqlAnswer" });
