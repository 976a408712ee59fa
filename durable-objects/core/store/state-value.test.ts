import fc from "fast-check";
import { expect, test } from "vitest";
import { MAX_STATE_VALUE_BYTES } from "../../../schema/limits.ts";
import { jsonText, stateText } from "./state-value.ts";

test("what JSON cannot hold is an error that names the path [STO-10]", () => {
  const circular: Record<string, unknown> = {};
  circular["self"] = circular;
  const cases: readonly (readonly [unknown, string])[] = [
    [undefined, "state is undefined"],
    [() => 1, "state is function"],
    [Symbol("s"), "state is symbol"],
    [NaN, "state is NaN"],
    [{ a: [1, { total: -Infinity }] }, "state.a[1].total is -Infinity"],
    [{ id: 1n }, "state.id is the bigint 1"],
    [1n, "state is the bigint 1"],
    [{ seen: new Set([1]) }, "state.seen is a Set"],
    [new Map(), "state is a Map"],
    [{ raw: new Uint8Array([1]) }, "state.raw is bytes"],
    [{ raw: new Uint8Array(0) }, "state.raw is bytes"],
    [circular, "state.self refers back to a value that contains it"],
  ];
  for (const [value, message] of cases) expect(() => jsonText(value, "state")).toThrow(message);
});

test("what JSON can hold is held as JSON.stringify writes it [STO-10]", () => {
  for (const value of [
    null,
    { a: null, b: undefined },
    "null",
    {},
    { toJSON: () => 5 },
    [undefined],
    -0,
    1e21,
    5,
    "x",
  ]) {
    expect(jsonText(value, "state")).toBe(JSON.stringify(value));
  }
  const any = fc.oneof(fc.jsonValue(), fc.double({ noNaN: true, noDefaultInfinity: true }));
  fc.assert(
    fc.property(any, (value) => {
      expect(jsonText(value, "state")).toBe(JSON.stringify(value));
    }),
  );
});

test("a state above MAX_STATE_VALUE_BYTES of UTF-8 is an error [STO-11]", () => {
  const fits = "x".repeat(MAX_STATE_VALUE_BYTES - 2);
  expect(stateText(fits, "state")).toHaveLength(MAX_STATE_VALUE_BYTES);
  expect(() => stateText(`${fits}x`, "state")).toThrow("state is 1000001 bytes of JSON, the limit is 1000000");
  expect(() => stateText("é".repeat(500_000), "state")).toThrow(/1000002 bytes/);
});
