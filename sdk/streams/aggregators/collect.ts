import { MAX_COLLECTED, MAX_COLLECTED_LIMIT } from "../../../schema/limits.ts";
import { type Aggregator, selecting, type Selector } from "./aggregator.ts";

/** `keep` says which items stay when there are more than `limit`; without it one more is an error of its record. */
interface CollectOptions {
  readonly limit?: number;
  readonly keep?: "first" | "last";
}

/**
 * The items in an array, in the order of their arrival. It holds at most `limit`, 1,000 unless told and at most 10,000: one
 * more is an error of its record, or `keep: "first"` leaves it out and `keep: "last"` lets the oldest go. The whole array is
 * read and written for each record.
 *
 * @example
 * import { collect, pipeline } from "../sdk/streams/index.ts";
 *
 * pipeline("last-prices", ({ stream }) =>
 *   stream<{ price: number }>("bids")
 *     .groupByKey()
 *     .aggregate(collect((bid) => bid.price, { limit: 10, keep: "last" }), { store: "last-prices" })
 *     .to("last-prices"),
 * );
 */
export function collect<Value, Item>(
  of: Selector<Value, Item>,
  { limit = MAX_COLLECTED, keep }: CollectOptions = {},
): Aggregator<Value, Item[], readonly Item[]> {
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > MAX_COLLECTED_LIMIT)
    throw new Error(`collect cannot hold ${limit} items. Use a limit of 1 to ${MAX_COLLECTED_LIMIT}.`);
  const bounded = (items: Item[]): Item[] => {
    if (items.length <= limit) return items;
    if (keep === "first") return items.slice(0, limit);
    if (keep === "last") return items.slice(-limit);
    throw new RangeError(
      `collect holds ${limit} items. Raise its limit, up to ${MAX_COLLECTED_LIMIT}, or say which to keep: { keep: "last" }.`,
    );
  };
  return selecting(of, {
    name: "collect",
    initial: (): Item[] => [],
    add: (items, item: Item) => bounded([...items, item]),
    merge: (a, b) => bounded([...a, ...b]),
    result: (items) => items,
  });
}
