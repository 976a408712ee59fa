import fc from "fast-check";
import { expect, test } from "vitest";
import { base64Length, decodeBase64Text, writeBase64 } from "./base64.ts";

function encodeBase64(bytes: Uint8Array): string {
  const text = new Uint8Array(base64Length(bytes.length));
  expect(writeBase64(text, 0, bytes)).toBe(text.length);
  return new TextDecoder().decode(text);
}

function decodeBase64(text: string): Uint8Array | undefined {
  return decodeBase64Text(new TextEncoder().encode(text));
}

test("base64 agrees with Node's and comes back [JSN-7]", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const text = encodeBase64(bytes);
      expect(text).toBe(Buffer.from(bytes).toString("base64"));
      expect(decodeBase64(text)).toEqual(bytes);
    }),
  );
});

test("what is not canonical is refused, whatever it is [JSN-7]", () => {
  const texts = "A ~ AA ~ AAA ~ A=== ~ AA=A ~ ==== ~ =AAA ~ AA==AAAA ~ AAA=\n ~  AAA ~ AA-_ ~ YR== ~ YWJ= ~ éééé".split(
    " ~ ",
  );
  expect(texts.filter((text) => decodeBase64(text) !== undefined)).toEqual([]);
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...Array.from("AQgwYz+/=-")), maxLength: 12 }), (text) => {
      const bytes = Buffer.from(text, "base64");
      // Node skips what is no base64, so only canonical text comes back.
      expect(decodeBase64(text)).toEqual(bytes.toString("base64") === text ? new Uint8Array(bytes) : undefined);
    }),
  );
});

test("base64 is written between other bytes", () => {
  const target = new Uint8Array(6).fill(0x2e);
  expect(writeBase64(target, 1, Uint8Array.of(1))).toBe(5);
  expect(Buffer.from(target).toString()).toBe(".AQ==.");
});
