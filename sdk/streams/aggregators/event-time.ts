import { type Aggregator, selecting, type Selector } from "./aggregator.ts";

type State<Item> = readonly [] | readonly [timestampMs: number, Item];

/**
 * The item of the record with the smallest time, whenever it arrives, null of none; of records with one time that of the
 * first to arrive.
 *
 * @example
 * import { earliest, latest, pipeline } from "../sdk/streams/index.ts";
 *
 * pipeline("opening-and-closing", ({ stream }) =>
 *   stream<{ price: number }>("trades")
 *     .groupByKey()
 *     .aggregate(
 *       { open: earliest((trade) => trade.price), close: latest((trade) => trade.price) },
 *       { store: "opening-and-closing" },
 *     )
 *     .to("opening-and-closing"),
 * );
 */
export function earliest<Value, Item>(of: Selector<Value, Item>): Aggregator<Value, State<Item>, Item | null> {
  return byTime("earliest", of, (known, time) => time < known);
}

/**
 * The item of the record with the largest time, whenever it arrives, null of none; of records with one time that of the
 * last to arrive.
 *
 * @example
 * import { latest, pipeline } from "../sdk/streams/index.ts";
 *
 * pipeline("positions", ({ stream }) =>
 *   stream<{ latitude: number; longitude: number }>("ships")
 *     .groupByKey()
 *     .aggregate(latest((ship) => ship), { store: "positions" })
 *     .to("positions"),
 * );
 */
export function latest<Value, Item>(of: Selector<Value, Item>): Aggregator<Value, State<Item>, Item | null> {
  return byTime("latest", of, (known, time) => time >= known);
}

function byTime<Value, Item>(
  name: string,
  of: Selector<Value, Item>,
  better: (knownMs: number, timestampMs: number) => boolean,
): Aggregator<Value, State<Item>, Item | null> {
  const chosen = (known: State<Item>, next: State<Item>): State<Item> =>
    next.length === 0 || (known.length !== 0 && !better(known[0], next[0])) ? known : next;
  return selecting(of, {
    name,
    initial: (): State<Item> => [],
    add: (state, item: Item, timestampMs) => chosen(state, [timestampMs, item]),
    merge: chosen,
    result: ([, item]) => item ?? null,
  });
}
