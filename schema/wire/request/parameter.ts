import * as z from "zod";

/**
 * A whole number in a query string: decimal digits only, so `1e3`, `0x10`, ` 5` and the empty text are refused. In the
 * OpenAPI document it is the integer that it stands for.
 */
export function integer(min: number, max: number = Number.MAX_SAFE_INTEGER) {
  return z.preprocess(
    (text) => (typeof text === "string" && /^-?\d{1,16}$/.test(text) ? Number(text) : text),
    z.int().min(min).max(max),
  );
}

export const flag = z.enum(["true", "false"]);

/** Routes that know no query parameter refuse each by name. */
export const noQuery = z.strictObject({});

/** Routes that take no body refuse each field of one. */
export const noBody = z.strictObject({});
