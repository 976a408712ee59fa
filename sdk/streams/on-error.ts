import { MAX_RETRIES, MAX_RETRY_BACKOFF_MS } from "../../schema/limits.ts";
import type { ErrorPolicy } from "../../schema/plan.ts";
import { type Duration, durationMs } from "./duration.ts";

/**
 * A record on which user code throws goes to the dead-letter topic, and the next ones go on: what a pipeline does unless
 * told. Redriven it comes after them.
 *
 * @example
 * import { deadLetter, pipeline } from "../sdk/streams/index.ts";
 *
 * pipeline("copy", ({ stream }) => stream("orders").to("orders-copy")).onError(deadLetter());
 */
export function deadLetter(): ErrorPolicy {
  return { kind: "deadLetter" };
}

/**
 * The task stops in front of a record on which user code throws, its state kept. It goes on from there when the pipeline is
 * resumed: after a deploy that mends the code, in order and without loss.
 *
 * @example
 * import { fail, pipeline } from "../sdk/streams/index.ts";
 *
 * pipeline("ledger", ({ stream }) => stream("entries").to("ledger")).onError(fail());
 */
export function fail(): ErrorPolicy {
  return { kind: "fail" };
}

/**
 * A record on which user code throws is tried again, up to so many times, after pauses that double from `backoff` (1 second
 * unless told); its task waits. Then it is a dead letter. For code whose answer may change, such as after a deploy.
 *
 * @example
 * import { pipeline, retry } from "../sdk/streams/index.ts";
 *
 * const policy = retry(3, { backoff: "2 seconds" });
 * pipeline("copy", ({ stream }) => stream("orders").to("orders-copy")).onError(policy);
 */
export function retry(times: number, options: { readonly backoff?: Duration } = {}): ErrorPolicy {
  if (!Number.isSafeInteger(times) || times < 1 || times > MAX_RETRIES) {
    throw new Error(`retry(${times}) cannot be. Use a whole number from 1 to ${MAX_RETRIES}.`);
  }
  const backoffMs = durationMs(options.backoff ?? "1 second");
  if (backoffMs < 1 || backoffMs > MAX_RETRY_BACKOFF_MS) {
    throw new Error(`backoff: ${JSON.stringify(options.backoff)} is outside 1 ms and 1 hour.`);
  }
  return { kind: "retry", times, backoffMs };
}

/**
 * A record on which user code throws goes to the dead-letter topic, and every later record of its key after it, until they
 * are redriven: the records of a key are processed in order, whatever happens, and other keys go on.
 *
 * @example
 * import { parkKey, pipeline } from "../sdk/streams/index.ts";
 *
 * pipeline("accounts", ({ stream }) => stream("entries").groupByKey().count()).onError(parkKey());
 */
export function parkKey(): ErrorPolicy {
  return { kind: "parkKey" };
}
