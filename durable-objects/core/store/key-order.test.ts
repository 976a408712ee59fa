import fc from "fast-check";
import { expect, test } from "vitest";
import { compareBytes } from "../../test/keys.ts";
import { compareKeys, keysWithPrefix } from "./key-order.ts";

const character = fc.oneof(
  fc.constantFrom("a", "b", "\0", "\u007f", "\ud7ff", "\ue000", "\uffff", "😀", "\u{10ffff}"),
  fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
);
const key = fc.array(character, { maxLength: 4 }).map((characters) => characters.join(""));

test("keys compare as their UTF-8 bytes [STO-2]", () => {
  fc.assert(fc.property(key, key, (a, b) => Math.sign(compareKeys(a, b)) === Math.sign(compareBytes(a, b))));
});

test("the range of a prefix holds the keys that begin with it, and no other [STO-18]", () => {
  fc.assert(
    fc.property(key, key, fc.boolean(), (prefix, other, begins) => {
      const { from, to } = keysWithPrefix(prefix);
      const tested = begins ? prefix + other : other;
      const inside = compareBytes(tested, from) >= 0 && (to === undefined || compareBytes(tested, to) < 0);
      expect(inside).toBe(tested.startsWith(prefix));
    }),
    { numRuns: 1_000 },
  );
});
