import { expect, test } from "vitest";
import { errors, type ErrorCode } from "../../schema/error.ts";
import { StreamError } from "../stream-error.ts";
import { fatal, outcomeOf } from "./failure.ts";

function refused(code: ErrorCode, retriable: boolean = errors[code].retriable): StreamError {
  return new StreamError("", { code, retriable, status: errors[code].status });
}

test.each(["invalid_timestamp", "record_too_large", "unauthenticated", "unknown_topic", "fenced_producer"] as const)(
  "%s is certain: nothing is stored [SDK-19]",
  (code) => {
    expect(outcomeOf(refused(code))).toBe("refused");
  },
);

test.each(["internal", "overloaded", "timed_out", "partition_full"] as const)(
  "%s is not: the same batch is sent again [SDK-19]",
  (code) => {
    expect(outcomeOf(refused(code))).toBe("unknown");
  },
);

test.each([
  ["unreachable", 0, true],
  ["timed_out", 0, true],
  ["unexpected_answer", 502, true],
  // A proxy's page says nothing of what Millrace did.
  ["unexpected_answer", 403, false],
  ["rate_limited", 429, true],
])("%s with status %d is not certain [SDK-19]", (code, status, retriable) => {
  expect(outcomeOf(new StreamError("", { code, status, retriable }))).toBe("unknown");
});

test("a sequence out of order has overtaken one where it is retriable, and is over where not [SDK-19, SDK-24]", () => {
  expect(outcomeOf(refused("out_of_order_sequence", true))).toBe("overtook");
  expect(fatal(refused("out_of_order_sequence", true))).toBe(false);
  expect(fatal(refused("out_of_order_sequence", false))).toBe(true);
  expect(fatal(refused("sequence_reused"))).toBe(true);
  expect(fatal(refused("fenced_producer"))).toBe(true);
  expect(fatal(refused("invalid_timestamp"))).toBe(false);
});
