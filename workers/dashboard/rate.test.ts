import { describe, expect, test } from "vitest";
import { MAX_GAP_MS, MAX_POINTS, Rate, WINDOW_MS } from "./rate.js";

function rateOf(samples: readonly (readonly [atMs: number, count: number])[]): Rate {
  const rate = new Rate();
  for (const [atMs, count] of samples) rate.add(atMs, count);
  return rate;
}

describe("records a second [UI-3]", () => {
  test("are unknown until the counter has been read twice", () => {
    expect(rateOf([]).perSecond).toBeUndefined();
    expect(rateOf([[0, 50]]).perSecond).toBeUndefined();
    expect(
      rateOf([
        [0, 50],
        [2_000, 150],
      ]).perSecond,
    ).toBe(50);
  });

  test("are those of the last 5 seconds", () => {
    const rate = new Rate();
    for (let second = 0; second <= 20; second++) rate.add(second * 1_000, second < 10 ? second * 1_000 : 10_000);
    expect(rate.perSecond).toBe(0);
    expect(rate.points[0]).toBe(1_000);
    expect(rate.points.at(-1)).toBe(0);
  });

  test("stand still for a pipeline that works every 2 seconds", () => {
    const rate = new Rate();
    for (let second = 0; second <= 30; second++) rate.add(second * 1_000, Math.floor(second / 2) * 200);
    for (const point of rate.points.slice(WINDOW_MS / 1_000)) expect(Math.abs(point - 100)).toBeLessThanOrEqual(20);
  });

  test("begin anew when the counter falls and after a long pause", () => {
    const before = [
      [0, 0],
      [1_000, 500],
    ] as const;
    expect(rateOf([...before, [2_000, 10]]).perSecond).toBeUndefined();
    expect(rateOf([...before, [2_000, 10], [3_000, 30]]).points).toEqual([20]);
    expect(rateOf([...before, [1_001 + MAX_GAP_MS, 900]]).points).toEqual([]);
  });

  test("two answers at one time are one", () => {
    expect(
      rateOf([
        [0, 0],
        [1_000, 10],
        [1_000, 20],
      ]).perSecond,
    ).toBe(10);
  });

  test("keep a minute of points", () => {
    const rate = new Rate();
    for (let second = 0; second < 200; second++) rate.add(second * 1_000, second);
    expect(rate.points).toEqual(Array.from({ length: MAX_POINTS }, () => 1));
  });
});
