import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Bytes } from "../record.ts";
import { arbitraryRecords } from "../test/arbitrary-record.ts";
import { compressBatch } from "../test/compress-batch.ts";
import { crc32c } from "./crc32c.ts";
import { type Decompress, decodeRecords } from "./decode.ts";
import { encodeBatch } from "./encode.ts";
import * as layout from "./layout.ts";
import { stampBaseOffset } from "./stamp.ts";
import { validateBatch } from "./validate.ts";

const decompress: Decompress = (codec, data, maxOutputLength) => {
  if (codec !== "gzip") throw new Error(`codec ${codec} is not available`);
  return gunzipSync(data, { maxOutputLength });
};

const arbitraryBatch = fc
  .tuple(arbitraryRecords, fc.boolean())
  .map(([records, packed]) =>
    packed ? compressBatch(encodeBatch(records), "gzip", (raw) => gzipSync(raw)) : encodeBatch(records),
  );

/** Makes length and CRC true, so that the mutation is met where it is. */
function repaired(batch: Bytes): Bytes {
  if (batch.length < layout.RECORDS_AT) return batch;
  const view = layout.viewOf(batch);
  view.setInt32(layout.BATCH_LENGTH_AT, batch.length - layout.LENGTH_PREFIX_BYTES);
  view.setUint32(layout.CRC_AT, crc32c(batch, layout.ATTRIBUTES_AT));
  return batch;
}

/** Answers, changes nothing, and what it accepts can be read. */
function holds(bytes: Bytes): void {
  const before = bytes.slice();
  const answer = validateBatch(bytes, decompress);
  expect(bytes).toEqual(before);
  if (!answer.ok) return;
  // The log writes its own base offset, whatever was there.
  stampBaseOffset(bytes, 7);
  const records = decodeRecords(bytes, decompress);
  expect(records.length).toBe(answer.header.recordCount);
  expect(records.map(({ offset }) => offset - 7)).toEqual([...records.keys()]);
  expect(Math.max(...records.map(({ timestampMs }) => timestampMs))).toBe(answer.header.maxTimestamp);
}

test("what the encoder makes is valid [BAT-15]", () => {
  fc.assert(
    fc.property(arbitraryBatch, (batch) => {
      expect(validateBatch(batch, decompress).ok).toBe(true);
    }),
  );
});

test("random bytes are answered [BAT-15]", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => holds(new Uint8Array(bytes))));
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 61, maxLength: 200 }), (bytes) => {
      const batch = new Uint8Array(bytes);
      batch[layout.MAGIC_AT] = layout.MAGIC;
      batch.fill(0, layout.ATTRIBUTES_AT, layout.BASE_TIMESTAMP_AT);
      holds(repaired(batch));
    }),
  );
});

test("any one byte changed is answered, and refused by the CRC where it covers it [BAT-15]", () => {
  fc.assert(
    fc.property(arbitraryBatch, fc.nat(), fc.integer({ min: 1, max: 255 }), (batch, place, flip) => {
      const at = place % batch.length;
      batch[at]! ^= flip;
      expect(validateBatch(batch, decompress).ok && at >= layout.ATTRIBUTES_AT).toBe(false);
      holds(batch);
    }),
  );
});

test("any one byte changed under a true CRC is answered [BAT-15]", () => {
  fc.assert(
    fc.property(arbitraryBatch, fc.nat(), fc.nat(255), (batch, place, byte) => {
      batch[layout.ATTRIBUTES_AT + (place % (batch.length - layout.ATTRIBUTES_AT))] = byte;
      holds(repaired(batch));
    }),
    { numRuns: 400 },
  );
});

test("bytes cut out or put in under a true length and CRC are answered [BAT-15]", () => {
  fc.assert(
    fc.property(
      arbitraryBatch,
      fc.tuple(fc.nat(), fc.nat(10)),
      fc.uint8Array({ maxLength: 10 }),
      (batch, [place, cut], put) => {
        const at = place % batch.length;
        holds(repaired(new Uint8Array([...batch.subarray(0, at), ...put, ...batch.subarray(at + cut)])));
      },
    ),
    { numRuns: 300 },
  );
});
