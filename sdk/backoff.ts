import type { Clock } from "./clock.ts";

export interface RetryOptions {
  /** Tries of one call in total; 1 turns retries off. Default 5. */
  readonly attempts?: number | undefined;
  /** Bound of the first wait, ms; it doubles with every try. Default 100. */
  readonly firstDelayMs?: number | undefined;
  /** Bound of every wait that the server did not ask for, ms. Default 10 000. */
  readonly maxDelayMs?: number | undefined;
  /** How long one try may last, its answer read to the end, ms. Default 30 000. */
  readonly timeoutMs?: number | undefined;
}

export interface RetryPolicy {
  readonly attempts: number;
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  readonly timeoutMs: number;
}

export function retryPolicy(options: RetryOptions = {}): RetryPolicy {
  return {
    attempts: options.attempts ?? 5,
    firstDelayMs: options.firstDelayMs ?? 100,
    maxDelayMs: options.maxDelayMs ?? 10_000,
    timeoutMs: options.timeoutMs ?? 30_000,
  };
}

/** A server that asks for more is asked again after this. */
export const MAX_RETRY_AFTER_MS = 60_000;

/**
 * Full jitter, `random · min(maxDelayMs, firstDelayMs · 2^failures)`, with `failures` counted from 0: what keeps many
 * clients apart after a common outage (aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter). A Retry-After
 * is a floor below it (SDK-4), so a crowd that was told the same second does not come back in the same one.
 */
export function delayMs(
  policy: RetryPolicy,
  clock: Clock,
  failure: { readonly failures: number; readonly retryAfterMs?: number | undefined },
): number {
  const bound = Math.min(policy.maxDelayMs, policy.firstDelayMs * 2 ** failure.failures);
  const floor = Math.min(MAX_RETRY_AFTER_MS, failure.retryAfterMs ?? 0);
  return floor + clock.random() * bound;
}

/** RFC 9110 §10.2.3: seconds or an HTTP date. Undefined for anything else. */
export function retryAfterMs(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined;
  if (/^\d+$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}
