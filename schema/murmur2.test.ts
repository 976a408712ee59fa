import { createRequire } from "node:module";
import fc from "fast-check";
import { expect, test } from "vitest";
import { murmur2, partitionForKey } from "./murmur2.ts";

const kafkajs: (key: Buffer) => number = createRequire(import.meta.url)(
  "kafkajs/src/producer/partitioners/default/murmur2.js",
);
const bytes = (text: string) => new TextEncoder().encode(text);

// org.apache.kafka.common.utils.UtilsTest.testMurmur2.
test.each([
  ["21", -973932308],
  ["foobar", -790332482],
  ["a-little-bit-long-string", -985981536],
  ["a-little-bit-longer-string", -1486304829],
  ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
  ["abc", 479470107],
])("murmur2 of %s is Kafka's [PAR-1]", (text, hash) => {
  expect(murmur2(bytes(text))).toBe(hash);
});

test("murmur2 agrees with kafkajs on any bytes [PAR-1]", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (key) => {
      expect(murmur2(key)).toBe(kafkajs(Buffer.from(key)));
    }),
  );
});

test("a key's partition is the hash without its sign, modulo their number [PAR-2]", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.integer({ min: 1, max: 256 }), (key, partitions) => {
      // Kafka's Utils.toPositive, as kafkajs has it.
      expect(partitionForKey(key, partitions)).toBe((kafkajs(Buffer.from(key)) & 0x7fffffff) % partitions);
    }),
  );
  // -973932308 & 0x7fffffff = 1173551340, which is 0 mod 4; the absolute value would be 8 mod 10.
  expect(partitionForKey(bytes("21"), 4)).toBe(0);
  expect(partitionForKey(bytes("21"), 100)).toBe(40);
});
