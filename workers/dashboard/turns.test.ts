import { expect, test } from "vitest";
import { due, inTurns } from "./turns.js";

test("a round asks those asked longest ago, so that every one has its turn [UI-14]", () => {
  const names = ["a", "b", "c", "d", "e"];
  const askedAtMs = new Map<string, number>();
  const rounds = [1, 2, 3, 4, 5].map((atMs) => {
    const asked = due(names, askedAtMs, 2);
    for (const name of asked) askedAtMs.set(name, atMs);
    return asked.join("");
  });
  expect(rounds).toEqual(["ab", "cd", "ae", "bc", "ad"]);
  expect(due(["a", "b"], askedAtMs, 2)).toEqual(["a", "b"]);
});

test("no more than the width are asked at a time, and all are asked [UI-14]", async () => {
  let now = 0;
  let most = 0;
  const asked: number[] = [];
  await inTurns([1, 2, 3, 4, 5], 2, async (item) => {
    most = Math.max(most, ++now);
    await Promise.resolve();
    asked.push(item);
    now--;
  });
  expect(most).toBe(2);
  expect(asked.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5]);
});
