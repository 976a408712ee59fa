import fc from "fast-check";
import { expect, test } from "vitest";
import { avg, count, countDistinct, pipeline, quantile, sum, variance } from "../sdk/streams/index.ts";
import { runSliced } from "./test/slices.ts";

interface Bid {
  readonly bidder: string;
  readonly price: number;
}

const groups = pipeline("groups", ({ table }) => {
  table<Bid>("bids")
    .groupBy((row) => ({ key: row.bidder, value: row.price }))
    .aggregate(
      {
        rows: count(),
        total: sum((price) => price),
        mean: avg((price) => price),
        spread: variance((price) => price),
        prices: countDistinct((price) => price),
        median: quantile(0.5, (price) => price),
      },
      { store: "bidders" },
    );
});
const NO_ROWS = { rows: 0, total: 0, mean: null, spread: null, prices: 0, median: null };

test("results of a table are those of the rows it has, whatever they were before [AGG-18]", () => {
  const price = fc.constantFrom(0.1, 0.2, 0.3, 1e16, -5);
  const rows = fc.array(
    fc.record({
      topic: fc.constant("bids"),
      key: fc.constantFrom("a", "b", "c", "d"),
      value: fc.option(fc.record({ bidder: fc.constantFrom("x", "y"), price })),
      timestampMs: fc.constant(0),
    }),
    { maxLength: 20 },
  );
  fc.assert(
    fc.property(rows, (changes) => {
      const driver = runSliced(groups, changes, { size: 3, crash: true });
      const left = new Map(changes.map((change) => [change.key, change]));
      const anew = runSliced(groups, [...left.values()]);
      for (const { key, value } of driver.store("bidders").all())
        expect(value).toEqual(anew.store("bidders").get(key) ?? NO_ROWS);
    }),
  );
});
