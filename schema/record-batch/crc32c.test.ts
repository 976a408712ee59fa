import fc from "fast-check";
import { expect, test } from "vitest";
import { crc32c, Crc32c } from "./crc32c.ts";

const ascending = Uint8Array.from({ length: 32 }, (_, index) => index);

// RFC 3720 appendix B.4, and the check value of the CRC catalogue.
test.each([
  ["32 zeros", new Uint8Array(32), 0x8a9136aa],
  ["32 ones", new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ["0 … 31", ascending, 0x46dd794e],
  ["31 … 0", ascending.toReversed(), 0x113fdb5c],
  [
    "an iSCSI read command",
    Buffer.from(
      "01c00000000000000000000000000000140000000000040000000014000000182800000000000000020000000000000000",
      "hex",
    ).subarray(0, 48),
    0xd9963a56,
  ],
  ["123456789", Buffer.from("123456789"), 0xe3069283],
  ["nothing", new Uint8Array(0), 0],
])("CRC-32C of %s [BAT-4]", (_, bytes, crc) => {
  expect(crc32c(bytes)).toBe(crc);
});

test("ranges summed one after another are as if joined, at any alignment", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(), fc.nat(), (bytes, first, second) => {
      const [from, to] = [first % (bytes.length + 1), second % (bytes.length + 1)].toSorted((a, b) => a - b) as [
        number,
        number,
      ];
      const joined = new Crc32c().update(bytes, 0, from).update(bytes, from, to).update(bytes, to, bytes.length).value;
      expect(joined).toBe(crc32c(bytes));
      expect(crc32c(bytes, from)).toBe(crc32c(bytes.slice(from)));
    }),
  );
});
