import fc from "fast-check";
import type { Bytes, Header, ProducerRecord } from "../record.ts";

export const arbitraryBytes = (maxLength: number): fc.Arbitrary<Bytes> =>
  fc.uint8Array({ maxLength }).map((bytes) => new Uint8Array(bytes));

/** Well-formed text of any planes. */
export const arbitraryText: fc.Arbitrary<string> = fc.string({ unit: "binary", maxLength: 40 });

const arbitraryHeader: fc.Arbitrary<Header> = fc.record({
  key: arbitraryText,
  value: fc.option(arbitraryBytes(20)),
});

/** Times anywhere in the allowed range, so deltas are of any size and sign. */
export const arbitraryTimestamp: fc.Arbitrary<number> = fc.oneof(
  fc.integer({ min: 1_700_000_000_000, max: 1_700_000_001_000 }),
  fc.integer({ min: 0, max: 253_402_300_799_999 }),
);

/** What a log accepts: a key, a value, or both. */
export const arbitraryRecord: fc.Arbitrary<ProducerRecord> = fc
  .record({
    key: fc.option(arbitraryBytes(80)),
    value: fc.option(arbitraryBytes(300)),
    timestampMs: arbitraryTimestamp,
    headers: fc.array(arbitraryHeader, { maxLength: 3 }),
  })
  .filter(({ key, value }) => key !== null || value !== null);

export const arbitraryRecords: fc.Arbitrary<ProducerRecord[]> = fc.array(arbitraryRecord, {
  minLength: 1,
  maxLength: 40,
});
