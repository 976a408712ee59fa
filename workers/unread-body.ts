import type { MiddlewareHandler } from "hono";
import { MAX_REQUEST_BYTES } from "../schema/limits.ts";
import { declaredLength, MAX_READ_TIMES } from "./body.ts";
import type { Edge } from "./edge.ts";

/** What a client may send in vain and still be told why. */
const MAX_DISCARDED_BYTES = MAX_READ_TIMES * MAX_REQUEST_BYTES;

/**
 * Reads on to the end of what a refusal left unread (HTTP-14). A client that is still sending does not see an answer: the
 * server would close the connection under it, and all it gets is a broken pipe.
 */
export const takeUnreadBody: MiddlewareHandler<Edge> = async (context, next) => {
  await next();
  const { raw } = context.req;
  if (raw.body === null || raw.bodyUsed || (declaredLength(raw) ?? 0) > MAX_DISCARDED_BYTES) return;
  let discarded = 0;
  try {
    for await (const chunk of raw.body) {
      discarded += chunk.byteLength;
      if (discarded > MAX_DISCARDED_BYTES) return;
    }
  } catch {
    // The client is gone: there is nobody left to answer.
  }
};
