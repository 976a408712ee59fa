import { MAX_WINDOW_MS, MAX_WINDOWS_PER_RECORD } from "../../schema/limits.ts";
import type { TimeWindows } from "../../schema/plan.ts";
import { type Duration, durationMs } from "./duration.ts";

/**
 * Windows `[start, start + size)` one after another, with starts at multiples of `size` since the epoch (UTC).
 *
 * `grace` has no default: it is how far a record's time may be behind the largest time seen before it (in its partition)
 * and still count. A record is late, counted and dropped, when its window's `end + grace` is not above that time.
 *
 * @example
 * import { pipeline, tumbling } from "../sdk/streams/index.ts";
 *
 * pipeline("hourly", ({ stream }) =>
 *   stream("orders")
 *     .groupByKey()
 *     .windowedBy(tumbling({ size: "1 hour", grace: "10 minutes" }))
 *     .count({ store: "orders-per-hour" }),
 * );
 */
export function tumbling(options: { readonly size: Duration; readonly grace: Duration }): TimeWindows {
  return hopping({ ...options, advance: options.size });
}

/**
 * Overlapping windows `[start, start + size)` with starts at multiples of `advance`: 5 s windows that advance by 3 s are
 * [0, 5) [3, 8) [6, 11) … A record counts in each window that holds its time. `grace` as in `tumbling`.
 *
 * @example
 * import { hopping, pipeline } from "../sdk/streams/index.ts";
 *
 * pipeline("last-hour", ({ stream }) =>
 *   stream("orders")
 *     .groupByKey()
 *     .windowedBy(hopping({ size: "1 hour", advance: "5 minutes", grace: "0 seconds" }))
 *     .count({ store: "orders-in-an-hour" }),
 * );
 */
export function hopping(options: {
  readonly size: Duration;
  readonly advance: Duration;
  readonly grace: Duration;
}): TimeWindows {
  const sizeMs = durationMs(options.size);
  const advanceMs = durationMs(options.advance);
  const graceMs = durationMs(options.grace);
  if (sizeMs === 0 || sizeMs > MAX_WINDOW_MS) {
    throw new Error(
      `A window of size ${JSON.stringify(options.size)} cannot be. Use a size above 0 and up to 366 days.`,
    );
  }
  if (advanceMs === 0 || advanceMs > sizeMs) {
    throw new Error(
      `Windows that advance by ${JSON.stringify(options.advance)} leave gaps or stand still. Advance by more than 0 and at most the size, ${JSON.stringify(options.size)}.`,
    );
  }
  if (Math.ceil(sizeMs / advanceMs) > MAX_WINDOWS_PER_RECORD) {
    throw new Error(
      `A record would be in ${Math.ceil(sizeMs / advanceMs)} windows, above ${MAX_WINDOWS_PER_RECORD}. Advance by at least a ${MAX_WINDOWS_PER_RECORD}th of the size.`,
    );
  }
  return { kind: "time", sizeMs, advanceMs, graceMs };
}
