import * as z from "zod";
import { DEFAULT_DRAIN_MS, MAX_DRAIN_MS } from "../../limits.ts";
import { integer } from "./parameter.ts";

export const resetBody = z.strictObject({
  from: z.enum(["earliest", "latest"]).default("earliest"),
  outputs: z.enum(["keep", "delete"]).default("keep"),
});

export const drainQuery = z.strictObject({ timeoutMs: integer(1, MAX_DRAIN_MS).default(DEFAULT_DRAIN_MS) });
