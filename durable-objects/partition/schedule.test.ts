import fc from "fast-check";
import { expect, test } from "vitest";
import { nextRunMs } from "./schedule.ts";

const intervals = fc.integer({ min: 1, max: 86_400_000 });
const times = fc.integer({ min: 0, max: 4_000_000_000_000 });

test("the next run is within one interval, and the one after it a whole interval later [TRG-1]", () => {
  fc.assert(
    fc.property(intervals, times, fc.string(), (intervalMs, nowMs, pipeline) => {
      const next = nextRunMs(intervalMs, pipeline, nowMs);
      expect(next).toBeGreaterThan(nowMs);
      expect(next).toBeLessThanOrEqual(nowMs + intervalMs);
      expect(nextRunMs(intervalMs, pipeline, next)).toBe(next + intervalMs);
    }),
  );
});

test("partitions of one pipeline run together, different pipelines at different moments [TRG-1]", () => {
  const runs = ["orders", "alerts", "archive"].map((pipeline) => nextRunMs(60_000, pipeline, 1_000_000));
  expect(nextRunMs(60_000, "orders", 1_000_001)).toBe(runs[0]);
  expect(new Set(runs).size).toBe(3);
});
