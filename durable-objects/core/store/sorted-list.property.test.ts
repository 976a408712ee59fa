import fc from "fast-check";
import { expect, test } from "vitest";
import { SortedList } from "./sorted-list.ts";

const number = fc.nat(2_000);
const step = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({ kind: fc.constantFrom("add" as const, "add" as const, "delete" as const), number }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom("keepFrom" as const, "keepTo" as const, "keepMost" as const),
      number,
    }),
  },
);

test("a sorted list holds what a sorted array of distinct items does, over any calls [STO-17]", () => {
  fc.assert(
    fc.property(
      fc.array(number, { minLength: 0, maxLength: 1_500, size: "max" }),
      fc.array(step, { maxLength: 60 }),
      fc.array(number, { maxLength: 5 }),
      (start, steps, places) => {
        const list = new SortedList<number>((a, b) => a - b);
        for (const each of start) list.add(each);
        let model = [...new Set(start)].toSorted((a, b) => a - b);
        for (const { kind, number } of steps) {
          if (kind === "add") {
            list.add(number);
            model = [...new Set([...model, number])].toSorted((a, b) => a - b);
          } else if (kind === "delete") {
            list.delete(number);
            model = model.filter((each) => each !== number);
          } else if (kind === "keepFrom") {
            list.keep({ from: number });
            model = model.filter((each) => each >= number);
          } else if (kind === "keepTo") {
            list.keep({ to: number });
            model = model.filter((each) => each <= number);
          } else {
            list.keep({ most: number });
            model = model.slice(0, number);
          }
        }
        expect([list.size, list.first, list.last, [...list.from(-1)]]).toEqual([
          model.length,
          model[0],
          model.at(-1),
          model,
        ]);
        for (const place of places) {
          expect(list.has(place)).toBe(model.includes(place));
          expect(list.firstFrom(place)).toBe(model.find((each) => each >= place));
          expect(list.firstAfter(place)).toBe(model.find((each) => each > place));
          expect([...list.from(place)]).toEqual(model.filter((each) => each >= place));
        }
      },
    ),
    { numRuns: 60 },
  );
});
