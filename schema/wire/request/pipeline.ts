import * as z from "zod";
import { DEFAULT_DRAIN_MS, MAX_DRAIN_MS } from "../../limits.ts";
import { integer } from "./parameter.ts";

export const drainQuery = z.strictObject({ timeoutMs: integer(1, MAX_DRAIN_MS).default(DEFAULT_DRAIN_MS) });
