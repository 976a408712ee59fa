import fc from "fast-check";
import { expect, test } from "vitest";
import { crc32c } from "./crc32c.ts";
import { crcWithOtherBeginning } from "./crc32c-join.ts";

const bytes = fc.uint8Array({ maxLength: 300 });

test("a CRC follows when bytes get another beginning, of any lengths [BAT-4]", () => {
  fc.assert(
    fc.property(bytes, fc.integer({ min: 0, max: 60 }), fc.infiniteStream(fc.nat(255)), (rest, length, stream) => {
      const [before, after] = [1, 2].map(() => Uint8Array.from({ length }, () => stream.next().value as number)) as [
        Uint8Array,
        Uint8Array,
      ];
      const joined = (beginning: Uint8Array): number => crc32c(Uint8Array.from([...beginning, ...rest]));
      const parts = { before: crc32c(before), after: crc32c(after), followingBytes: rest.length };
      expect(crcWithOtherBeginning(joined(before), parts)).toBe(joined(after));
    }),
  );
});

test("of a megabyte too [BAT-4]", () => {
  const rest = new Uint8Array(1_000_003).map((_, at) => at * 7);
  const joined = (first: number): number => crc32c(new Uint8Array(Buffer.concat([Uint8Array.of(first), rest])));
  const parts = { before: crc32c(Uint8Array.of(1)), after: crc32c(Uint8Array.of(2)), followingBytes: rest.length };
  expect(crcWithOtherBeginning(joined(1), parts)).toBe(joined(2));
});
