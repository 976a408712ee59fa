import { type Aggregator, selecting, type Selector } from "./aggregator.ts";

type State<Item> = readonly [] | readonly [Item];

/**
 * The item of the record that arrived first, null of none (ksqlDB's EARLIEST_BY_OFFSET, Spark's `first` without nulls). Of
 * merged sessions that of the earlier session. For the first by record time see `earliest`.
 *
 * @example
 * import { first, last, pipeline } from "../sdk/streams/index.ts";
 *
 * pipeline("price-moves", ({ stream }) =>
 *   stream<{ price: number }>("bids")
 *     .groupByKey()
 *     .aggregate({ from: first((bid) => bid.price), to: last((bid) => bid.price) }, { store: "price-moves" })
 *     .to("price-moves"),
 * );
 */
export function first<Value, Item>(of: Selector<Value, Item>): Aggregator<Value, State<Item>, Item | null> {
  return selecting(of, {
    name: "first",
    immutable: true,
    initial: (): State<Item> => [],
    add: (state, item: Item): State<Item> => (state.length === 0 ? [item] : state),
    merge: (a, b) => (a.length === 0 ? b : a),
    result: resultOf,
  });
}

/**
 * The item of the record that arrived last, null of none (ksqlDB's LATEST_BY_OFFSET, Spark's `last` without nulls). Of
 * merged sessions that of the later session. For the last by record time see `latest`.
 *
 * @example
 * import { last, pipeline } from "../sdk/streams/index.ts";
 *
 * pipeline("last-bidders", ({ stream }) =>
 *   stream<{ bidder: string | null }>("bids")
 *     .groupByKey()
 *     .aggregate(last((bid) => bid.bidder), { store: "last-bidders" })
 *     .to("last-bidders"),
 * );
 */
export function last<Value, Item>(of: Selector<Value, Item>): Aggregator<Value, State<Item>, Item | null> {
  return selecting(of, {
    name: "last",
    immutable: true,
    initial: (): State<Item> => [],
    add: (_state, item: Item): State<Item> => [item],
    merge: (a, b) => (b.length === 0 ? a : b),
    result: resultOf,
  });
}

function resultOf<Item>([item]: State<Item>): Item | null {
  return item ?? null;
}
