import fc from "fast-check";
import { expect, test } from "vitest";
import { isJson, skipJson } from "./json-text.ts";
import { parses, bytes } from "./test/json-yardstick.ts";

/** Documents with any whitespace and any spelling of strings and numbers. */
const space = fc.string({ unit: fc.constantFrom(" ", "\n", "\r", "\t"), maxLength: 2 });
const spelling = fc.oneof(
  fc.json({ depthSize: "medium", stringUnit: "binary" }),
  fc
    .string({ unit: "binary", maxLength: 8 })
    .map((text) =>
      JSON.stringify(text).replaceAll(/[^"\\]/g, (unit, index: number, all: string) =>
        all[index - 1] !== "\\" && unit.charCodeAt(0) % 3 === 0 && !/\\u.{0,3}$/.test(all.slice(0, index))
          ? `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`
          : unit,
      ),
    ),
  fc.double().map((number) => (Number.isFinite(number) ? number.toExponential() : "1e999")),
  fc.constantFrom('"\\ud800"', '"\\/\\b\\f"', "12.300", "-0.0e-0", "9007199254740993"),
);
const document = fc
  .tuple(fc.array(spelling, { maxLength: 4 }), space, space)
  .map(([items, before, after]) => `${before}[${items.join(`${after},${before}`)}]${after}`);

test("a generated document is JSON, and its value ends where it does [JSN-1]", () => {
  fc.assert(
    fc.property(document, fc.string({ unit: "binary", maxLength: 5 }), (text, rest) => {
      const utf8 = bytes(text);
      expect(isJson(utf8)).toBe(true);
      const start = text.length - text.trimStart().length;
      const value = bytes(text.trimEnd());
      expect(skipJson(new Uint8Array([...value, ...bytes(`]${rest}`)]), start)).toBe(value.length);
    }),
  );
});

/** Where acceptance differs from JSON.parse's: the document itself is the message. */
const differs = (text: Uint8Array) => (isJson(text) === parses(text) ? undefined : Buffer.from(text).toString());

test("acceptance agrees with JSON.parse on mutated documents [JSN-1]", () => {
  const token = fc.oneof(
    fc.nat(255).map((byte) => Uint8Array.of(byte)),
    fc.constantFrom(...Array.from('{}[],:"\\0-.eE+1unt \n'), "\\u", '""', "null", "😀").map(bytes),
    fc.constant(new Uint8Array(0)),
  );
  fc.assert(
    fc.property(document, fc.tuple(fc.nat(), fc.nat(2)), token, (text, [place, cut], put) => {
      const utf8 = bytes(text);
      const at = place % (utf8.length + 1);
      const mutated = new Uint8Array([...utf8.subarray(0, at), ...put, ...utf8.subarray(at + cut)]);
      expect(differs(mutated)).toBeUndefined();
    }),
    { numRuns: 1000 },
  );
});

test("acceptance agrees with JSON.parse on short texts of its characters [JSN-1]", () => {
  const characters = fc.constantFrom(...Array.from('{}[],:"\\0-.eE+19ubnlt '));
  fc.assert(
    fc.property(fc.string({ unit: characters, maxLength: 8 }), (text) => {
      expect(differs(bytes(text))).toBeUndefined();
    }),
    { numRuns: 2000 },
  );
});
