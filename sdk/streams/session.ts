import { MAX_WINDOW_MS } from "../../schema/limits.ts";
import type { RecordContext } from "../../schema/plan.ts";
import type { SessionWindows } from "../../schema/windows.ts";
import { type Duration, durationMs } from "./duration.ts";

/**
 * Sessions of a stream of `Value`, made by `session`.
 *
 * @example
 * import { session, type SessionWindowsOf } from "../sdk/streams/index.ts";
 *
 * interface Visit { readonly idleMs: number }
 * const visits: SessionWindowsOf<Visit> = session({ gap: (visit) => visit.idleMs, maxGap: "1 hour", grace: 0 });
 */
export interface SessionWindowsOf<Value> extends SessionWindows {
  /** Never called: it holds the type. */
  readonly accepts?: ((value: Value) => void) | undefined;
}

/**
 * Windows from the first to the last record of a key that come within `gap` of each other: `[start, end]`, both times of
 * records. A record that lies within the gap of two sessions makes them one: the old windows go (a null value each) and the
 * new one comes. A record is late when its session, with all that it would join, ends more than `gap + grace` before the
 * largest time seen.
 *
 * With a function for `gap`, each record says how long after it a record still belongs to its session, at most `maxGap`:
 * two records are in one session when the later one comes within the gap of the earlier one.
 *
 * @example
 * import { pipeline, session } from "../sdk/streams/index.ts";
 *
 * pipeline("visits", ({ stream }) =>
 *   stream("clicks")
 *     .groupByKey()
 *     .windowedBy(session({ gap: "30 minutes", grace: "5 minutes" }))
 *     .count({ store: "clicks-per-visit" })
 *     .to("visits"),
 * );
 *
 * pipeline("calls", ({ stream }) =>
 *   stream<{ plan: "free" | "paid" }>("calls")
 *     .groupByKey()
 *     .windowedBy(
 *       session({ gap: (call) => (call.plan === "paid" ? "1 hour" : "5 minutes"), maxGap: "1 hour", grace: 0 }),
 *     )
 *     .count(),
 * );
 */
export function session(options: { readonly gap: Duration; readonly grace: Duration }): SessionWindowsOf<unknown>;
export function session<Value>(options: {
  readonly gap: (value: Value, key: string, context: RecordContext) => Duration;
  readonly maxGap: Duration;
  readonly grace: Duration;
}): SessionWindowsOf<Value>;
export function session<Value>(options: {
  readonly gap: Duration | ((value: Value, key: string, context: RecordContext) => Duration);
  readonly maxGap?: Duration;
  readonly grace: Duration;
}): SessionWindowsOf<Value> {
  const { gap } = options;
  const graceMs = durationMs(options.grace);
  if (typeof gap !== "function") return { kind: "session", gapMs: gapOf(gap), graceMs };
  const gapMs = gapOf(options.maxGap ?? 0);
  const each = (value: unknown, key: unknown, context: RecordContext): number =>
    durationMs(gap(value as Value, key as string, context));
  return { kind: "session", gapMs, graceMs, gap: each };
}

function gapOf(gap: Duration): number {
  const gapMs = durationMs(gap);
  if (gapMs > 0 && gapMs <= MAX_WINDOW_MS) return gapMs;
  throw new Error(`A gap of ${JSON.stringify(gap)} cannot be. Use a gap above 0 and up to 366 days.`);
}
