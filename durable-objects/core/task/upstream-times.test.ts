import { expect, test } from "vitest";
import { UpstreamTimes } from "./upstream-times.ts";

const RANGES = [
  { from: 0, to: 2 },
  { from: 2, to: 4 },
];

test("a cap stays where it was when an idle upstream returns behind it, and so does one that is restored then [ENG-20]", () => {
  const times = new UpstreamTimes(RANGES, undefined);
  times.heard(0, 100);
  times.heard(1, 40);
  times.heard(2, 7);
  expect([times.cap(0).ms, times.cap(1).ms]).toEqual([40, -Infinity]);
  times.idle(1);
  expect(times.cap(0).ms).toBe(100);
  times.heard(1, 50);
  expect(times.cap(0).ms).toBe(100);
  const restored = new UpstreamTimes(RANGES, JSON.parse(JSON.stringify(times.saved)) as typeof times.saved);
  expect([restored.cap(0).ms, restored.cap(1).ms]).toEqual([100, -Infinity]);
  expect(restored.saved).toEqual(times.saved);
  for (const each of [times, restored]) {
    each.heard(1, 120);
    expect(each.cap(0).ms).toBe(100);
    each.heard(0, 130);
    expect(each.cap(0).ms).toBe(120);
  }
});

test("what was saved without caps goes by what was reached [ENG-20]", () => {
  const restored = new UpstreamTimes(RANGES, { reached: [30, 20, null, null], idle: [] });
  expect(restored.cap(0).ms).toBe(20);
});
