import { expect, test } from "vitest";
import { requestProducerOf } from "./request-sequence.ts";

function of(id: string | undefined, epoch?: string, sequence?: string) {
  const headers = new Headers();
  if (id !== undefined) headers.set("producer-id", id);
  if (epoch !== undefined) headers.set("producer-epoch", epoch);
  if (sequence !== undefined) headers.set("producer-sequence", sequence);
  return requestProducerOf(headers);
}

test("all three headers or none [PRO-5]", () => {
  expect(of(undefined)).toEqual({ ok: true, producer: undefined });
  expect(of("p", "0", "17")).toEqual({ ok: true, producer: { producerId: "p", epoch: 0, sequence: 17 } });
  for (const answer of [of("p"), of("p", "0"), of(undefined, "0", "1"), of(undefined, undefined, "1")]) {
    expect(answer).toMatchObject({ ok: false, code: "invalid_request" });
  }
});

test("an id of 64 characters at most, integers without a sign [PRO-5]", () => {
  expect(of("p".repeat(64), "0", "0").ok).toBe(true);
  expect(of("p".repeat(65), "0", "0")).toMatchObject({ field: "Producer-Id" });
  expect(of("", "0", "0")).toMatchObject({ field: "Producer-Id" });
  for (const bad of ["-1", "1.5", "1e3", "", "9007199254740993", "NaN"]) {
    expect(of("p", bad, "0")).toMatchObject({ code: "invalid_request", field: "Producer-Epoch" });
    expect(of("p", "0", bad)).toMatchObject({ code: "invalid_request", field: "Producer-Sequence" });
  }
});
