import fc from "fast-check";
import { expect, test } from "vitest";
import { quantiles } from "./quantile.ts";
import { folded, kept } from "./test/folded.ts";
import { expectClose, number, QS, values } from "./test/quantiles.ts";

/** Within 30 factors of 10, so that all are told apart. */
const size = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.double({ noNaN: true, min: 1e-12, max: 1e12 }));
const numbers = fc.array(
  fc.tuple(size, fc.boolean()).map(([value, negative]) => (negative && value !== 0 ? -value : value)),
  { maxLength: 60, size: "max" },
);

test("each quantile is the true one within the accuracy asked for [AGG-25]", () => {
  fc.assert(
    fc.property(numbers, fc.constantFrom(0.001, 0.01, 0.2), (items, accuracy) => {
      const subject = quantiles(QS, number, { accuracy });
      expectClose(subject.result(folded(subject, values([...items, null]))), items, accuracy);
    }),
  );
});

test("order and splits leave no trace, and what is taken back is gone [AGG-17, AGG-18, AGG-25]", () => {
  const subject = quantiles(QS, number);
  fc.assert(
    fc.property(numbers, numbers, (a, b) => {
      const both = folded(subject, values([...a, ...b]));
      expect(folded(subject, values([...b, ...a]))).toEqual(both);
      expect(kept(subject.merge(folded(subject, values(a)), folded(subject, values(b))))).toEqual(both);
      const without = values(b).reduce((state, value) => kept(subject.remove?.(state, value)), both);
      expect(without).toEqual(folded(subject, values(a)));
    }),
  );
});
