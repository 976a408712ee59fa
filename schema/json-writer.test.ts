import fc from "fast-check";
import { expect, test } from "vitest";
import { JsonWriter } from "./json-writer.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

test("strings are what JSON.stringify writes", () => {
  const all = Array.from({ length: 0x80 }, (_, code) => String.fromCharCode(code)).join("");
  const texts = fc.oneof(
    fc.string({ unit: "binary", maxLength: 50 }),
    fc.constant(all),
    fc.constant("\u0001".repeat(2000)),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const writer = new JsonWriter(4);
      writer.string(bytes(text));
      expect(writer.takeText()).toBe(JSON.stringify(text));
    }),
  );
});

test("integers are what String writes", () => {
  const writer = new JsonWriter(4);
  for (const value of [0, 9, 10, 99, 100, 2 ** 31 - 1, 2 ** 31, 2 ** 31 + 7, 10 ** 15, Number.MAX_SAFE_INTEGER]) {
    writer.integer(value);
    writer.text(",");
    writer.integer(-value);
    expect(writer.takeText()).toBe(`${value},${value === 0 ? 0 : -value}`);
  }
  fc.assert(
    fc.property(fc.oneof(fc.maxSafeInteger(), fc.integer()), (value) => {
      writer.integer(value);
      expect(writer.takeText()).toBe(String(value));
    }),
  );
});

test("pieces follow one another, and the writer is empty after each take", () => {
  const writer = new JsonWriter(1);
  writer.text('{"é":');
  writer.json(bytes("[1, 2]"));
  writer.text(',"b":');
  writer.base64(Uint8Array.of(0, 255));
  writer.text("}");
  expect(writer.bytes).toBe(bytes('{"é":[1, 2],"b":"AP8="}').length);
  const text = writer.take();
  expect(Buffer.from(text).toString()).toBe('{"é":[1, 2],"b":"AP8="}');
  expect(text.buffer.byteLength).toBe(text.length);
  expect(writer.takeText()).toBe("");
});
