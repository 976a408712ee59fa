import { type Aggregator, selecting, type Selector } from "./aggregator.ts";
import { type Comparable, comparable } from "./order.ts";

type State<Item> = readonly [] | readonly [Item];

/**
 * The least of the numbers, or the first of the texts in the order of their UTF-16 units; null of none. Numbers and texts
 * do not mix.
 *
 * @example
 * import { max, min, pipeline } from "../sdk/streams/index.ts";
 *
 * pipeline("price-ranges", ({ stream }) =>
 *   stream<{ price: number }>("bids")
 *     .groupByKey()
 *     .aggregate({ lowest: min((bid) => bid.price), highest: max((bid) => bid.price) }, { store: "price-ranges" })
 *     .to("price-ranges"),
 * );
 */
export function min<Value, Item extends Comparable>(
  of: Selector<Value, Item>,
): Aggregator<Value, State<Item>, Item | null> {
  return extreme("min", of, (a, b) => b < a);
}

/**
 * The greatest of the numbers, or the last of the texts in the order of their UTF-16 units; null of none. Numbers and texts
 * do not mix.
 *
 * @example
 * import { max, pipeline } from "../sdk/streams/index.ts";
 *
 * pipeline("highest-bids", ({ stream }) =>
 *   stream<{ price: number }>("bids")
 *     .groupByKey()
 *     .aggregate(max((bid) => bid.price), { store: "highest-bids" })
 *     .to("highest-bids"),
 * );
 */
export function max<Value, Item extends Comparable>(
  of: Selector<Value, Item>,
): Aggregator<Value, State<Item>, Item | null> {
  return extreme("max", of, (a, b) => b > a);
}

function extreme<Value, Item extends Comparable>(
  name: string,
  of: Selector<Value, Item>,
  better: (known: Item, item: Item) => boolean,
): Aggregator<Value, State<Item>, Item | null> {
  const add = (state: State<Item>, given: Item): State<Item> => {
    const [known] = state;
    const item = comparable(name, given, known);
    return known === undefined || better(known, item) ? [item] : state;
  };
  return selecting(of, {
    name,
    plain: true,
    initial: (): State<Item> => [],
    add,
    merge: (a, b) => (b.length === 0 ? a : add(a, b[0])),
    result: ([item = null]) => item,
  });
}
