/** Milliseconds in each unit that a duration may be written in. */
const units = {
  ms: 1,
  millisecond: 1,
  milliseconds: 1,
  second: 1_000,
  seconds: 1_000,
  minute: 60_000,
  minutes: 60_000,
  hour: 3_600_000,
  hours: 3_600_000,
  day: 86_400_000,
  days: 86_400_000,
} as const;

/**
 * `"2 seconds"`, `"1 hour"`, `"100 ms"`, or a whole number of milliseconds. A misspelt unit does not compile.
 *
 * @example
 * import type { Duration } from "../sdk/streams/index.ts";
 *
 * const grace: Duration = "5 minutes";
 * const sameGrace: Duration = 300_000;
 */
export type Duration = number | `${number} ${keyof typeof units}`;

/**
 * Milliseconds of a duration. Throws when it is negative, not a whole number of milliseconds, or not a duration.
 *
 * @example
 * import { durationMs } from "../sdk/streams/index.ts";
 *
 * durationMs("1.5 hours"); // 5_400_000
 */
export function durationMs(duration: Duration): number {
  const ms = typeof duration === "number" ? duration : parse(duration);
  if (Number.isSafeInteger(ms) && ms >= 0) return ms;
  throw new Error(
    `${JSON.stringify(duration)} is not a duration. Write a number and a unit, such as "2 seconds", "5 minutes" or "1 hour", or whole milliseconds.`,
  );
}

function parse(text: string): number {
  const [, amount = "", unit = ""] = /^(\d+(?:\.\d+)?) ([a-z]+)$/.exec(text) ?? [];
  // A fraction of a unit, such as 0.1 seconds, is rounded where binary floating point misses the whole millisecond.
  const ms = Object.hasOwn(units, unit) ? Number(amount) * units[unit as keyof typeof units] : Number.NaN;
  return Math.abs(ms - Math.round(ms)) < 1e-6 ? Math.round(ms) : Number.NaN;
}

/** Of `closeWhenIdle`. */
export function quietMs(quiet: Duration | "never"): number {
  const ms = quiet === "never" ? Infinity : durationMs(quiet);
  if (ms > 0) return ms;
  throw new Error(`Windows cannot close after ${JSON.stringify(quiet)} of quiet. Use a time above 0, or "never".`);
}
