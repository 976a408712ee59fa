import fc from "fast-check";
import { expect, test } from "vitest";
import { badRows } from "./bad-rows.ts";

test("finds exactly the rows that fail, in order [SNK-22]", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 60 }), async (bad) => {
      const rows = bad.map((_, index) => index);
      const found = await badRows(rows, async (some) => some.some((index) => bad[index] === true));
      expect(found).toEqual(rows.filter((index) => bad[index] === true));
    }),
  );
});

test("one among a thousand takes few trials, and rows that fail only together do not go round for ever [SNK-22]", async () => {
  let trials = 0;
  const rows = Array.from({ length: 1_024 }, (_, index) => index);
  const one = await badRows(rows, async (some) => {
    trials++;
    return some.includes(700);
  });
  expect(one).toEqual([700]);
  expect(trials).toBeLessThanOrEqual(21);
  expect(await badRows(["a", "b"], async (some) => some.length === 2)).toEqual(["b"]);
});
