import fc from "fast-check";
import { expect, test } from "vitest";
import { arbitraryText, arbitraryTimestamp } from "../test/arbitrary-record.ts";
import { type Decompress, decodeRecords } from "./decode.ts";
import { BatchBuilder, encodeBatch } from "./encode.ts";

const decompress: Decompress = () => {
  throw new Error("the batch is not compressed");
};
const bytes = (text: string) => new TextEncoder().encode(text);
const record = (value: string, timestampMs = 1_700_000_000_000) => ({
  key: null,
  value: bytes(value),
  timestampMs,
  headers: [],
});

test("text is written as its UTF-8, of any length [BAT-3]", () => {
  const text = fc.oneof(
    arbitraryText,
    fc.integer({ min: 0, max: 9000 }).map((length) => "é".repeat(length)),
  );
  fc.assert(
    fc.property(fc.option(text), text, arbitraryTimestamp, (key, value, timestampMs) => {
      const builder = new BatchBuilder();
      builder.add({ key, value, timestampMs, headers: [{ key: value.slice(0, 50), value: key }] });
      builder.add({ key: "next", value: null, timestampMs, headers: [] });
      const utf8 = (each: string | null) => (each === null ? null : bytes(each));
      const records = [
        { key: utf8(key), value: utf8(value), timestampMs, headers: [{ key: value.slice(0, 50), value: utf8(key) }] },
        { key: bytes("next"), value: null, timestampMs, headers: [] },
      ];
      expect(builder.take()).toEqual(encodeBatch(records));
    }),
  );
});

test("records with lengths around those where a varint grows come back [BAT-3]", () => {
  for (const boundary of [1 << 6, 1 << 13, 1 << 20]) {
    for (let length = boundary - 12; length < boundary + 4; length++) {
      const one = { key: null, value: new Uint8Array(length).fill(length), timestampMs: 5, headers: [] };
      const decoded = decodeRecords(encodeBatch([one, record("after", 5)]), decompress);
      expect(decoded[0]!.value!.length).toBe(length);
      expect(decoded[1]!.value).toEqual(bytes("after"));
    }
  }
});
