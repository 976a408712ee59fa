import * as z from "zod";
import { errors, type ErrorCode } from "../../error.ts";

export const errorCode = z.enum(Object.keys(errors) as [ErrorCode, ...ErrorCode[]]);

/** RFC 9457. Some codes add fields, e.g. `expectedSequence`, `logEndOffset`. */
export const problem = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: errorCode,
    detail: z.string(),
    retriable: z.boolean(),
    field: z.string().optional(),
  })
  .meta({ id: "Problem" });
