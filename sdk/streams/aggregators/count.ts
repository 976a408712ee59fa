import type { Aggregator } from "./aggregator.ts";

/**
 * How many records, those with null in them too; with `where` how many of them it is true for. The state is the number;
 * records can be taken back.
 *
 * @example
 * import { count, pipeline } from "../sdk/streams/index.ts";
 *
 * pipeline("bid-counts", ({ stream }) =>
 *   stream<{ price: number }>("bids")
 *     .groupByKey()
 *     .aggregate({ bids: count(), highBids: count((bid) => bid.price >= 10_000) }, { store: "bid-counts" })
 *     .to("bid-counts"),
 * );
 */
export function count<Value = unknown>(
  where: (value: Value) => boolean = () => true,
): Aggregator<Value, number, number> {
  return {
    name: "count",
    plain: true,
    initial: () => 0,
    add: (records, value) => (where(value) ? records + 1 : records),
    remove: (records, value) => (where(value) ? records - 1 : records),
    merge: (a, b) => a + b,
    result: (records) => records,
  };
}
