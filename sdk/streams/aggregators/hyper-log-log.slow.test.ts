import fc from "fast-check";
import { expect, test } from "vitest";
import { approxCountDistinct } from "./approx-count-distinct.ts";
import { HASH_CHARACTERS, hash48 } from "./hash48.ts";
import { type HashSet, sizeOf, union, withHash } from "./hyper-log-log.ts";
import { murmur3 } from "./murmur3.ts";

const encoder = new TextEncoder();

test("the hash is MurmurHash3_x86_32 [AGG-24]", () => {
  const vectors: readonly [string, number, number][] = [
    ["", 0, 0],
    ["", 1, 0x514e28b7],
    ["", 0xffffffff, 0x81f16f39],
    ["test", 0, 0xba6bd213],
    ["test", 0x9747b28c, 0x704b81dc],
    ["Hello, world!", 0, 0xc0363e43],
    ["Hello, world!", 0x9747b28c, 0x24884cba],
    ["The quick brown fox jumps over the lazy dog", 0, 0x2e4ff723],
    ["The quick brown fox jumps over the lazy dog", 0x9747b28c, 0x2fa826cd],
  ];
  for (const [text, seed, hash] of vectors) expect(murmur3(encoder.encode(text), seed)).toBe(hash);
});

test("48 bits of it are 8 characters that JSON need not escape, in the order of the bits [AGG-24]", () => {
  expect(hash48("test")).toHaveLength(HASH_CHARACTERS);
  fc.assert(
    fc.property(fc.string(), fc.string(), (a, b) => {
      const [first, second] = [a, b].map((text) => {
        const bytes = encoder.encode(text);
        return [hash48(text), murmur3(bytes, 0) * 2 ** 16 + (murmur3(bytes, 0x9747b28c) >>> 16)] as const;
      });
      expect(JSON.stringify(first?.[0])).toBe(`"${first?.[0]}"`);
      expect((first?.[0] ?? "") < (second?.[0] ?? "")).toBe((first?.[1] ?? 0) < (second?.[1] ?? 0));
    }),
  );
});

/** With numbers in turn behind a name, which is what ids often are. */
function setOf(
  from: number,
  to: number,
  { precision, salt = "", set = "" }: { precision: number; salt?: string; set?: HashSet },
): HashSet {
  let next = set;
  for (let n = from; n < to; n++) next = withHash(next, hash48(`${salt}${n}`), precision);
  return next;
}

test("below 2^precision / 8 it is exact, then of a fixed size [AGG-24]", () => {
  for (const precision of [6, 8, 12]) {
    const limit = 2 ** precision / 8;
    const options = { precision };
    for (const size of [0, 1, limit - 1]) expect(sizeOf(setOf(0, size, options), precision)).toBe(size);
    expect(setOf(0, limit - 1, options)).toHaveLength((limit - 1) * HASH_CHARACTERS);
    expect(setOf(0, limit, options)).toHaveLength(2 ** precision);
    expect(setOf(0, 8 * limit, options)).toHaveLength(2 ** precision);
  }
});

test("it depends on the set alone: not on order, repetition, or how it was split [AGG-24]", () => {
  const hashes = fc.array(
    fc.nat(200).map((n) => hash48(`${n}`)),
    { maxLength: 80, size: "max" },
  );
  const of = (list: readonly string[]): HashSet => list.reduce((set, hash) => withHash(set, hash, 6), "");
  fc.assert(
    fc.property(hashes, hashes, (a, b) => {
      expect(union(of(a), of(b), 6)).toBe(of([...b, ...a, ...b]));
    }),
  );
});

test("estimates are as far off as the standard error says, with no bias, at every size [AGG-24]", () => {
  for (const { precision, sizes, seeds } of [
    { precision: 10, sizes: [128, 400, 1_000, 2_500], seeds: 80 },
    { precision: 12, sizes: [512, 3_000, 8_000], seeds: 16 },
  ]) {
    const error = 1.04 / Math.sqrt(2 ** precision);
    const errors = sizes.map((): number[] => []);
    for (let seed = 0; seed < seeds; seed++) {
      const salt = `seed ${seed} user-`;
      let set: HashSet = "";
      for (const [at, size] of sizes.entries()) {
        set = setOf(sizes[at - 1] ?? 0, size, { precision, salt, set });
        errors[at]?.push((sizeOf(set, precision) - size) / size);
      }
    }
    for (const list of errors) {
      const mean = list.reduce((sum, each) => sum + each) / list.length;
      const deviation = Math.sqrt(list.reduce((sum, each) => sum + each ** 2, 0) / list.length);
      // Of so many seeds: 4 standard errors of the mean, and of the deviation.
      expect(Math.abs(mean)).toBeLessThan((4 * error) / Math.sqrt(list.length));
      expect(deviation).toBeLessThan(error * (1 + 4 / Math.sqrt(2 * list.length)));
      expect(Math.max(...list.map(Math.abs))).toBeLessThan(5 * error);
    }
  }
}, 60_000);

test("registers say what they can at both ends [AGG-24]", () => {
  expect(sizeOf("-".repeat(64), 6)).toBe(0);
  // All 43 bits behind the register's number zero: more than a hash can tell apart.
  expect(sizeOf("g".repeat(64), 6)).toBeGreaterThan(2 ** 44);
});

test("a precision is 10 to 16 [AGG-22]", () => {
  for (const precision of [9, 17, 12.5, Number.NaN]) {
    expect(() => approxCountDistinct((value: string) => value, { precision })).toThrow(
      `A precision of ${precision} cannot be. Use 10 to 16: one more halves the variance and doubles the state.`,
    );
  }
});
