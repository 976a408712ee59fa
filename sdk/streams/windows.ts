import { MAX_TIMESTAMP_MS, MAX_WINDOW_MS, MAX_WINDOWS_PER_RECORD } from "../../schema/limits.ts";
import type { CumulativeWindows, SlidingWindows, TimeWindows, UnlimitedWindows } from "../../schema/windows.ts";
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
  const sizeMs = sizeOf(options.size);
  const advanceMs = durationMs(options.advance);
  const graceMs = durationMs(options.grace);
  if (advanceMs === 0 || advanceMs > sizeMs) {
    throw new Error(
      `Windows that advance by ${JSON.stringify(options.advance)} leave gaps or stand still. Advance by more than 0 and at most the size, ${JSON.stringify(options.size)}.`,
    );
  }
  checkCount(sizeMs, advanceMs, "Advance");
  return { kind: "time", sizeMs, advanceMs, graceMs };
}

/**
 * Windows that grow: `[start, start + step)`, `[start, start + 2 steps)` … up to `size`, a multiple of `step`, with starts
 * at multiples of `size` since the epoch (Flink's CUMULATE). Up to 6 s by 2 s they are [0, 2) [0, 4) [0, 6) [6, 8) … A
 * record counts in each window that holds its time: the totals of the day so far, hour by hour. `grace` as in `tumbling`.
 *
 * @example
 * import { cumulative, pipeline } from "../sdk/streams/index.ts";
 *
 * pipeline("today-so-far", ({ stream }) =>
 *   stream("orders")
 *     .groupByKey()
 *     .windowedBy(cumulative({ size: "1 day", step: "1 hour", grace: "5 minutes" }))
 *     .count({ store: "orders-today-so-far" }),
 * );
 */
export function cumulative(options: {
  readonly size: Duration;
  readonly step: Duration;
  readonly grace: Duration;
}): CumulativeWindows {
  const sizeMs = sizeOf(options.size);
  const stepMs = durationMs(options.step);
  const graceMs = durationMs(options.grace);
  if (stepMs === 0 || sizeMs % stepMs !== 0) {
    throw new Error(
      `Windows cannot grow to ${JSON.stringify(options.size)} by steps of ${JSON.stringify(options.step)}. Use a step that divides the size.`,
    );
  }
  checkCount(sizeMs, stepMs, "Grow");
  return { kind: "cumulative", sizeMs, stepMs, graceMs };
}

/**
 * One window for each key, from `start` (ms since the epoch, 0 unless given) on, which never closes: `[start, 10000-01-01)`.
 * Records before it are dropped and counted. It has no grace, since no record comes too late, and is kept for ever.
 *
 * @example
 * import { pipeline, unlimited } from "../sdk/streams/index.ts";
 *
 * pipeline("since-launch", ({ stream }) =>
 *   stream("orders")
 *     .groupByKey()
 *     .windowedBy(unlimited({ start: Date.UTC(2026, 0, 1) }))
 *     .count({ store: "orders-since-launch" }),
 * );
 */
export function unlimited(options: { readonly start?: number } = {}): UnlimitedWindows {
  const { start = 0 } = options;
  if (Number.isSafeInteger(start) && start >= 0 && start <= MAX_TIMESTAMP_MS)
    return { kind: "unlimited", startMs: start };
  throw new Error(`An unlimited window cannot start at ${start}. Give ms since the epoch, 0 to ${MAX_TIMESTAMP_MS}.`);
}

/**
 * Windows of records that lie within `difference` of each other, for each record one that ends with it:
 * `[t - difference, t]`, and one that begins behind it as soon as it holds a record: `[t + 1, t + 1 + difference]`. Both
 * ends are in the window; windows that would hold the same records are one. A record goes into each window that holds its
 * time and is late for those whose `end + grace` is below the largest time seen. Records without a value are dropped.
 *
 * @example
 * import { pipeline, sliding } from "../sdk/streams/index.ts";
 *
 * pipeline("bursts", ({ stream }) =>
 *   stream("logins")
 *     .groupByKey()
 *     .windowedBy(sliding({ difference: "1 minute", grace: "10 seconds" }))
 *     .count({ store: "logins-in-a-minute" })
 *     .toStream()
 *     .filter((count) => count > 5)
 *     .to("bursts"),
 * );
 */
export function sliding(options: { readonly difference: Duration; readonly grace: Duration }): SlidingWindows {
  return { kind: "sliding", differenceMs: sizeOf(options.difference), graceMs: durationMs(options.grace) };
}

function sizeOf(size: Duration): number {
  const sizeMs = durationMs(size);
  if (sizeMs > 0 && sizeMs <= MAX_WINDOW_MS) return sizeMs;
  throw new Error(`A window of size ${JSON.stringify(size)} cannot be. Use a size above 0 and up to 366 days.`);
}

function checkCount(sizeMs: number, stepMs: number, verb: string): void {
  const count = Math.ceil(sizeMs / stepMs);
  if (count <= MAX_WINDOWS_PER_RECORD) return;
  throw new Error(
    `A record would be in ${count} windows, above ${MAX_WINDOWS_PER_RECORD}. ${verb} by at least a ${MAX_WINDOWS_PER_RECORD}th of the size.`,
  );
}
