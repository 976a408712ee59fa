import * as z from "zod";
import {
  DEFAULT_SQL_RESULT_ROWS,
  MAX_SQL_PARAMETERS,
  MAX_SQL_RESULT_ROWS,
  MAX_SQL_TEXT_CHARACTERS,
  MAX_WAIT_MS,
} from "../../limits.ts";

const parameter = z.union([z.string().max(MAX_SQL_TEXT_CHARACTERS), z.number(), z.boolean(), z.null()]);

/**
 * One SELECT over stores of the pipeline, with values for its `?`. With `key` it sees the rows of that key alone, in the
 * partition of the key; with `partition` those of that partition. `minOffset` waits up to `waitMs` until the task there has
 * read every record below it.
 */
export const sqlBody = z
  .strictObject({
    sql: z.string().min(1).max(MAX_SQL_TEXT_CHARACTERS),
    parameters: z.array(parameter).max(MAX_SQL_PARAMETERS).default([]),
    key: z.string().optional(),
    partition: z.int().min(0).optional(),
    maxRows: z.int().min(1).max(MAX_SQL_RESULT_ROWS).default(DEFAULT_SQL_RESULT_ROWS),
    minOffset: z.int().min(0).optional(),
    waitMs: z.int().min(0).max(MAX_WAIT_MS).default(10_000),
  })
  .meta({ id: "SqlQuery" });
export type SqlParameters = z.infer<typeof sqlBody>;
