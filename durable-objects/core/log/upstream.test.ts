import fc from "fast-check";
import { expect, test } from "vitest";
import { judgeDelivery } from "./upstream.ts";

test("the next sequence is taken, the first being 1 [ENG-6]", () => {
  expect(judgeDelivery(0, 1)).toEqual({ ok: true, duplicate: false });
  expect(judgeDelivery(7, 8)).toEqual({ ok: true, duplicate: false });
});

test("a sequence taken before is a duplicate, however old [ENG-6]", () => {
  for (const sequence of [1, 6, 7]) expect(judgeDelivery(7, sequence)).toEqual({ ok: true, duplicate: true });
});

test("a gap is refused for good: what is missing was never sent [ENG-6]", () => {
  expect(judgeDelivery(7, 9)).toEqual({
    ok: false,
    code: "out_of_order_sequence",
    message: "delivery 9 arrived, expected 8",
    hint: "A delivery is missing: the sending task stops here",
    retriable: false,
    extra: { expectedSequence: 8 },
  });
});

test("a sender that repeats from any earlier row, any number of times, has every row taken once, in order [ENG-6]", () => {
  fc.assert(
    fc.property(fc.array(fc.record({ from: fc.nat(20), rows: fc.nat(6), lost: fc.boolean() })), (attempts) => {
      const taken: number[] = [];
      let confirmed = 0;
      for (const { from, rows, lost } of attempts) {
        const first = Math.max(1, confirmed + 1 - from);
        for (let sequence = first; sequence <= confirmed + rows; sequence++) {
          const verdict = judgeDelivery(taken.at(-1) ?? 0, sequence);
          if (!verdict.ok) throw new Error(verdict.message);
          if (!verdict.duplicate) taken.push(sequence);
        }
        if (!lost) confirmed = taken.length;
      }
      expect(taken).toEqual(taken.map((_, index) => index + 1));
    }),
  );
});
