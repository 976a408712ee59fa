import { expect, test } from "vitest";
import { type Duration, durationMs } from "./duration.ts";

test.each([
  ["100 ms", 100],
  ["1 millisecond", 1],
  ["2 seconds", 2_000],
  ["0 seconds", 0],
  ["0.1 seconds", 100],
  ["1.5 hours", 5_400_000],
  ["1 hour", 3_600_000],
  ["5 minutes", 300_000],
  ["7 days", 604_800_000],
  [250, 250],
] as const)("%s is %i ms [DSL-3]", (duration, ms) => {
  expect(durationMs(duration)).toBe(ms);
});

test.each(["2 secs", "2seconds", "seconds", "-1 second", "1e3 ms", "0.5 ms", " 1 ms", "2  seconds", "1 toString"])(
  "%j is refused by its text [DSL-3]",
  (text) => {
    expect(() => durationMs(text as Duration)).toThrow(`${JSON.stringify(text)} is not a duration`);
  },
);

test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])("%d ms is refused [DSL-3]", (ms) => {
  expect(() => durationMs(ms)).toThrow("is not a duration");
});
