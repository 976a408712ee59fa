import { gunzipSync, gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { compressBatch } from "../test/compress-batch.ts";
import { recordsSection, withRecordsSection } from "./compress.ts";
import { readHeader } from "./decode.ts";
import { encodeBatch } from "./encode.ts";
import { validateBatch } from "./validate.ts";

const records = Array.from({ length: 50 }, (_, index) => ({
  key: null,
  value: new TextEncoder().encode(`the same text again ${index}`),
  timestampMs: 1000 + index,
  headers: [],
}));
const plain = encodeBatch(records, { producerId: 5, producerEpoch: 1, baseSequence: 3 });
const packed = compressBatch(plain, "gzip", (raw) => gzipSync(raw));

test("compression changes codec, length, CRC and the section, nothing else [BAT-5]", () => {
  const { crc, batchLength, sizeBytes, ...rest } = readHeader(packed);
  expect(readHeader(plain)).toMatchObject({ ...rest, codec: "none" });
  expect(rest.codec).toBe("gzip");
  expect([batchLength, sizeBytes]).toEqual([packed.length - 12, packed.length]);
  expect(packed.length).toBeLessThan(plain.length);
  expect(crc).not.toBe(readHeader(plain).crc);
  expect(gunzipSync(recordsSection(packed))).toEqual(Buffer.from(recordsSection(plain)));
});

test("unfolding gives the batch back to the byte [BAT-5]", () => {
  expect(withRecordsSection(packed, "none", gunzipSync(recordsSection(packed)))).toEqual(plain);
});

test("an asynchronous compressor fits through the pieces [BAT-5]", async () => {
  const stream = new Blob([recordsSection(plain)]).stream().pipeThrough(new CompressionStream("gzip"));
  const section = new Uint8Array(await new Response(stream).arrayBuffer());
  const batch = withRecordsSection(plain, "gzip", section);
  expect(validateBatch(batch, (_, data) => gunzipSync(data))).toMatchObject({ ok: true });
});

test("a compressed batch is not compressed again", () => {
  expect(() => compressBatch(packed, "gzip", (raw) => raw)).toThrow("compressed already");
});
