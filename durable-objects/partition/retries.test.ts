import { expect, test } from "vitest";
import { Retries } from "./retries.ts";

const policy = { kind: "retry", times: 2, backoffMs: 100 } as const;

/** Tries a micro-batch from `position` on until it passes; answers at which offset each try failed. */
function tries(retries: Retries, position: number, bad: readonly number[]): number[] {
  const failed: number[] = [];
  for (let nowMs = 0; failed.length < 50;) {
    const first = bad.find((offset) => retries.givenUp(1)?.has(offset) !== true);
    if (first === undefined) return failed;
    failed.push(first);
    nowMs = retries.failed(1, { offset: first, position }, { policy, nowMs });
    expect(retries.waits(1, nowMs - 1)).toBe(true);
    expect(retries.waits(1, nowMs)).toBe(false);
  }
  return failed;
}

test("each of several records of a micro-batch is tried as often as the policy says, and then all have been given up [ERR-3]", () => {
  const retries = new Retries();
  expect(tries(retries, 0, [3, 5, 8])).toEqual([3, 3, 5, 5, 8, 8]);
  expect(tries(retries, 10, [10])).toEqual([10, 10]);
  expect([...(retries.givenUp(1) ?? [])]).toEqual([10]);
  retries.forget(1);
  expect(retries.givenUp(1)).toBeUndefined();
});

test("pauses double with every failure of a record, and begin anew with the next one [ERR-3]", () => {
  const retries = new Retries();
  const fail = (offset: number): number =>
    retries.failed(7, { offset, position: 0 }, { policy: { ...policy, times: 9 }, nowMs: 1_000 });
  expect([fail(1), fail(1), fail(1), fail(2)]).toEqual([1_100, 1_200, 1_400, 1_100]);
});
