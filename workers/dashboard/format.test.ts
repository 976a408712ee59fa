import { describe, expect, test } from "vitest";
import { bytes, duration, heading, integer, jsonText, rate, signed, twoDecimals, utc, utcMinute } from "./format.js";

describe("figures and times read alike everywhere [UI-1, UI-2]", () => {
  test.each([
    [0, "0 B"],
    [999, "999 B"],
    [1_000, "1.0 kB"],
    [999_949, "999.9 kB"],
    [999_950, "1.0 MB"],
    [12_345_678, "12.3 MB"],
    [8_000_000_000, "8.0 GB"],
    [5e16, "50,000.0 TB"],
  ])("%d bytes are %s", (size, text) => expect(bytes(size)).toBe(text));

  test.each([
    [undefined, "–"],
    [0, "0"],
    [0.25, "0.3"],
    [99.9, "99.9"],
    [99.96, "100"],
    [12_345.6, "12,346"],
  ])("a rate of %s is %s", (perSecond, text) => expect(rate(perSecond)).toBe(text));

  test.each([
    [0.4, "0 ms"],
    [12.4, "12 ms"],
    [1_500, "1.5 s"],
    [90_000, "2 min"],
  ])("%d ms are %s", (ms, text) => expect(duration(ms)).toBe(text));

  test("times are UTC; what is no time is a dash", () => {
    expect(utc(Date.UTC(2001, 0, 10, 18, 20, 31, 999))).toBe("2001-01-10 18:20:31");
    expect(utcMinute(Date.UTC(2001, 0, 10, 18, 20, 31))).toBe("2001-01-10 18:20");
    expect(utc(253_402_300_799_999)).toBe("9999-12-31 23:59:59");
    for (const none of [undefined, -1, Number.NaN, 1e18]) expect(utc(none)).toBe("–");
  });

  test("a minus is as wide as a digit, and no zero is negative", () => {
    expect(integer(-1_234)).toBe("−1,234");
    expect(twoDecimals(-0.004)).toBe("0.00");
    expect(twoDecimals(-0.25)).toBe("−0.25");
    expect([66, -5, 0, 2.5].map(signed)).toEqual(["+66", "−5", "0", "+2.5"]);
  });
});

test("JSON longer than a row can show is cut and says its length [UI-4]", () => {
  expect(jsonText({ a: 1 })).toBe('{"a":1}');
  expect(jsonText("x".repeat(1_500), 5)).toBe('"xxxx… (1,502 characters)');
  expect(jsonText(undefined)).toBe("");
});

test("a column's name is its heading [UI-6]", () => {
  expect(["window_start", "airport", "_"].map(heading)).toEqual(["Window start", "Airport", "_"]);
});
