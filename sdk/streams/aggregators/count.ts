import type { Aggregator } from "./aggregator.ts";

/**
 * How many records, those with null in them too. The state is the number; records can be taken back.
 *
 * @example
 * import { count, pipeline } from "../sdk/streams/index.ts";
 *
 * pipeline("bid-counts", ({ stream }) =>
 *   stream("bids").groupByKey().aggregate({ bids: count() }, { store: "bid-counts" }).to("bid-counts"),
 * );
 */
export function count(): Aggregator<unknown, number, number> {
  return {
    name: "count",
    initial: () => 0,
    add: (records) => records + 1,
    remove: (records) => records - 1,
    merge: (a, b) => a + b,
    result: (records) => records,
  };
}
