import fc from "fast-check";
import { expect, test } from "vitest";
import { readInt64, writeInt64 } from "./int64.ts";
import { sizeOfVarint, VarintReader, writeVarint, writeVarlong } from "./varint.ts";

const safeInteger = fc.oneof(fc.maxSafeInteger(), fc.integer());

// From Kafka's ByteUtilsTest.
test.each([
  [0, "00"],
  [-1, "01"],
  [1, "02"],
  [63, "7e"],
  [-64, "7f"],
  [64, "8001"],
  [-65, "8101"],
  [8191, "fe7f"],
  [8192, "808001"],
  [-8193, "818001"],
  [1_048_575, "feff7f"],
  [1_048_576, "80808001"],
  [134_217_728, "8080808001"],
  [2_147_483_647, "feffffff0f"],
  [-2_147_483_648, "ffffffff0f"],
])("varint of %i is Kafka's %s [BAT-1]", (value, hex) => {
  const bytes = new Uint8Array(5);
  expect(Buffer.from(bytes.subarray(0, writeVarint(bytes, 0, value))).toString("hex")).toBe(hex);
  expect(sizeOfVarint(value)).toBe(hex.length / 2);
  expect(new VarintReader(Buffer.from(hex, "hex")).varint()).toBe(value);
  expect(new VarintReader(Buffer.from(hex, "hex")).varlong()).toBe(value);
});

test("varlongs agree with 64-bit arithmetic and come back [BAT-1]", () => {
  fc.assert(
    fc.property(safeInteger, (value) => {
      const bytes = new Uint8Array(10);
      const end = writeVarlong(bytes, 0, value);
      let zigzag = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
      const expected: number[] = [];
      for (; zigzag >= 128n; zigzag >>= 7n) expected.push(Number(zigzag & 127n) | 128);
      expected.push(Number(zigzag));
      expect([...bytes.subarray(0, end)]).toEqual(expected);
      const reader = new VarintReader(bytes);
      expect(reader.varlong()).toBe(value);
      expect(reader.at).toBe(end);
    }),
  );
});

test("a varlong outside the safe integers is no safe integer", () => {
  for (const value of [2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 53n), -(2n ** 53n) - 1n, -(2n ** 63n)]) {
    let zigzag = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
    const bytes: number[] = [];
    for (; zigzag >= 128n; zigzag >>= 7n) bytes.push(Number(zigzag & 127n) | 128);
    bytes.push(Number(zigzag));
    expect(Number.isSafeInteger(new VarintReader(Uint8Array.from(bytes)).varlong())).toBe(false);
  }
});

test.each([
  ["nothing", []],
  ["one cut off", [0x80]],
  ["one cut off in its fifth byte", [0xff, 0xff, 0xff, 0xff]],
  ["one of more than 32 bits", [0xff, 0xff, 0xff, 0xff, 0x10]],
  ["one of six bytes", [0x80, 0x80, 0x80, 0x80, 0x80, 0x00]],
])("a varint reader fails for good at %s", (_, bytes) => {
  const reader = new VarintReader(Uint8Array.from(bytes));
  expect(reader.varint()).toBe(0);
  expect(reader.failed).toBe(true);
  expect(reader.varlong()).toBe(0);
  reader.skip(0);
  expect(reader.failed).toBe(true);
});

test("a varlong of eleven bytes or cut off fails", () => {
  for (const bytes of [
    [...Array<number>(10).fill(0x80), 0],
    [0x80, 0x80],
  ]) {
    const reader = new VarintReader(Uint8Array.from(bytes));
    reader.varlong();
    expect(reader.failed).toBe(true);
  }
});

test("64-bit fields agree with DataView's BigInts", () => {
  fc.assert(
    fc.property(safeInteger, (value) => {
      const view = new DataView(new ArrayBuffer(8));
      writeInt64(view, 0, value);
      expect(view.getBigInt64(0)).toBe(BigInt(value));
      expect(readInt64(view, 0)).toBe(value);
    }),
  );
});
