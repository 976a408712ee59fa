import * as z from "zod";
import { DEFAULT_DRAIN_MS, MAX_DRAIN_MS, MAX_PAGE } from "../../limits.ts";
import { integer } from "./parameter.ts";

export const resetBody = z.strictObject({
  from: z.enum(["earliest", "latest"]).default("earliest"),
  outputs: z.enum(["keep", "delete"]).default("keep"),
});

const inOrder = {
  when: ({ from, to }: { readonly from?: number | undefined; readonly to?: number | undefined }) =>
    from === undefined || to === undefined || from <= to,
  else: { path: ["from"], error: "is after to: give the smaller offset as from" },
};

/** Which dead letters: of one partition of their topic, from an offset to before another, of one key. */
export const deadLetterQuery = z
  .strictObject({
    partition: integer(0).optional(),
    from: integer(0).optional(),
    to: integer(0).optional(),
    key: z.string().optional(),
    cursor: z.string().optional(),
    limit: integer(1, MAX_PAGE).default(100),
  })
  .refine(inOrder.when, inOrder.else);

export const redriveBody = z
  .strictObject({
    partition: z.int().min(0).optional(),
    from: z.int().min(0).optional(),
    to: z.int().min(0).optional(),
    key: z.string().optional(),
    cursor: z.string().optional(),
  })
  .refine(inOrder.when, inOrder.else);

export const forkBody = z.strictObject({
  version: z.int().min(1).optional(),
  from: z.enum(["earliest", "latest"]).default("earliest"),
});

export const swapBody = z.strictObject({ version: z.int().min(1).optional() });

export const drainQuery = z.strictObject({ timeoutMs: integer(1, MAX_DRAIN_MS).default(DEFAULT_DRAIN_MS) });
