import * as z from "zod";

export const tableList = z
  .object({
    tables: z.array(z.object({ table: z.string(), pipeline: z.string(), columns: z.array(z.string()) })),
  })
  .meta({ id: "TableList" });

export const tableRows = z
  .object({ columns: z.array(z.string()), rows: z.array(z.record(z.string(), z.unknown())) })
  .meta({ id: "TableRows" });
