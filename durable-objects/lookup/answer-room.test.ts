import { expect, test } from "vitest";
import { MAX_LOOKUP_ANSWER_CHARACTERS } from "../../schema/limits.ts";
import type { AskedCall } from "../core/operator/operator.ts";
import { endWithinRoom } from "./answer-room.ts";

const call = (offset: number, key: string): AskedCall => ({ node: "lookup-1", key, offset });
const large = { found: "x".repeat(MAX_LOOKUP_ANSWER_CHARACTERS / 2) };

test("a slice ends in front of the record that would be given too much, or has no answer [LKP-11]", () => {
  const calls = [call(5, "a"), call(6, "a"), call(8, "b"), call(9, "c")];
  expect(endWithinRoom(calls, () => ({ found: "1" }), 20)).toBe(20);
  expect(endWithinRoom(calls, ({ key }) => (key === "c" ? undefined : { found: null }), 20)).toBe(9);
  // The same answer twice is two values.
  expect(endWithinRoom(calls, () => large, 20)).toBe(8);
});

test("the first record that looks something up has all its answers, so the task goes on [LKP-11]", () => {
  const calls = [call(5, "a"), call(5, "b"), call(5, "c"), call(6, "a")];
  expect(endWithinRoom(calls, () => large, 20)).toBe(6);
  expect(endWithinRoom(calls.slice(0, 3), () => large, 20)).toBe(20);
});
