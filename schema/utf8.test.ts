import fc from "fast-check";
import { expect, test } from "vitest";
import { isUtf8, readUtf8, utf8SequenceEnd, writeUtf8 } from "./utf8.ts";

const fatal = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const accepts = (bytes: Uint8Array) => {
  try {
    fatal.decode(bytes);
    return true;
  } catch {
    return false;
  }
};

test("isUtf8 agrees with TextDecoder", () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 4 }),
    fc.uint8Array({ min: 0x80, maxLength: 4 }),
    fc.string({ unit: "binary" }).map((text) => new TextEncoder().encode(text)),
    // Leads and second bytes around every boundary of RFC 3629.
    fc.tuple(
      fc.constantFrom(0xc1, 0xc2, 0xdf, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5),
      fc.constantFrom(0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0),
      fc.constantFrom(0x7f, 0x80, 0xbf, 0xc0),
      fc.constantFrom(0x7f, 0x80, 0xbf, 0xc0),
    ),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 4 }), (pieces) => {
      const bytes = Uint8Array.from(pieces.flatMap((each) => [...each]));
      expect(isUtf8(bytes)).toBe(accepts(bytes));
    }),
    { numRuns: 2000 },
  );
});

test("text of any length comes back", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 60 }), fc.nat(5), (text, at) => {
      const bytes = new Uint8Array(at + 3 * text.length);
      const end = writeUtf8(bytes, at, text);
      expect(bytes.subarray(at, end)).toEqual(new TextEncoder().encode(text));
      expect(readUtf8(bytes, at, end)).toBe(text);
    }),
  );
});

test("a byte order mark is a character like any other", () => {
  expect(readUtf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe("\uFEFFa");
});

test("a lone surrogate is written as U+FFFD", () => {
  const bytes = new Uint8Array(9);
  expect(readUtf8(bytes, 0, writeUtf8(bytes, 0, "a\uD800"))).toBe("a\uFFFD");
});

test("a sequence cut off is none", () => {
  expect(utf8SequenceEnd(Uint8Array.of(0xf0, 0x9f, 0x98, 0x80), 0)).toBe(4);
  expect(utf8SequenceEnd(Uint8Array.of(0xf0, 0x9f, 0x98), 0)).toBe(-1);
});
