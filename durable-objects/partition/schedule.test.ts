import fc from "fast-check";
import { expect, test } from "vitest";
import { MAX_TRIGGER_MS, MIN_TRIGGER_MS } from "../../schema/limits.ts";
import { nextRunMs } from "./schedule.ts";

const interval = fc.integer({ min: MIN_TRIGGER_MS, max: MAX_TRIGGER_MS });
const clock = fc.integer({ min: 0, max: 253_402_300_799_999 });

test("the next run is later than now, by at most one interval [TRG-1]", () => {
  fc.assert(
    fc.property(interval, fc.string(), clock, (intervalMs, pipeline, nowMs) => {
      const next = nextRunMs(intervalMs, pipeline, nowMs);
      expect(next).toBeGreaterThan(nowMs);
      expect(next).toBeLessThanOrEqual(nowMs + intervalMs);
    }),
  );
});

test("runs follow each other at exactly one interval, whenever one asks [TRG-1]", () => {
  fc.assert(
    fc.property(interval, fc.string(), clock, (intervalMs, pipeline, nowMs) => {
      const next = nextRunMs(intervalMs, pipeline, nowMs);
      expect(nextRunMs(intervalMs, pipeline, next - 1)).toBe(next);
      for (const later of [0, 1, Math.floor(intervalMs / 3), intervalMs - 1]) {
        expect(nextRunMs(intervalMs, pipeline, next + later)).toBe(next + intervalMs);
      }
    }),
  );
});

test("pipelines of one interval are spread over it [TRG-1]", () => {
  const phases = Array.from({ length: 100 }, (_, index) => nextRunMs(1_000, `pipeline-${index}`, 0) % 1_000);
  expect(new Set(phases).size).toBeGreaterThan(80);
  for (const quarter of [0, 250, 500, 750]) {
    expect(phases.filter((phase) => phase >= quarter && phase < quarter + 250).length).toBeGreaterThan(10);
  }
});
