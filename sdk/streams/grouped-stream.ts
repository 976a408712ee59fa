import type { AggregateNode } from "../../schema/plan.ts";
import type { NonSessionWindows, Windows } from "../../schema/windows.ts";
import type { Argument, Given, ResultOf } from "./aggregators/functions.ts";
import {
  addWindowed,
  type AddAggregate,
  COUNT,
  type Functions,
  functionsOf,
  type Rest,
  type Windowing,
} from "./aggregate-functions.ts";
import { CogroupedStream } from "./cogrouped-stream.ts";
import { type Duration, quietMs } from "./duration.ts";
import type { EmitStrategy } from "./emit.ts";
import { type KeyValueStoreOptions, storeOf, type WindowStoreOptions } from "./store.ts";
import { SessionWindowedStream } from "./session-windowed-stream.ts";
import type { SessionWindowsOf } from "./session.ts";
import type { Place } from "./stream-place.ts";
import { Table } from "./table.ts";
import { WindowedTable } from "./windowed-table.ts";

/**
 * A stream grouped by key, made by `groupByKey()`.
 *
 * @example
 * import { pipeline } from "../sdk/streams/index.ts";
 *
 * pipeline("largest-orders", ({ stream }) =>
 *   stream<{ amount: number }>("orders")
 *     .groupByKey()
 *     .reduce((largest, order) => (order.amount > largest.amount ? order : largest), { store: "largest-orders" }),
 * );
 */
export class GroupedStream<Value> {
  readonly #place: Place;
  readonly #add: AddAggregate;

  /** `place`: the node whose records are grouped. */
  constructor(place: Place) {
    const { graph, node } = place;
    this.#place = place;
    this.#add = (word, aggregate) => ({
      ...place,
      node: graph.add(word, { ...aggregate(graph.nextName(word)), inputs: [node] }),
    });
  }

  /**
   * How many records.
   *
   * @example
   * import { pipeline } from "../sdk/streams/index.ts";
   *
   * pipeline("counts", ({ stream }) => stream("orders").groupByKey().count({ store: "orders-per-customer" }));
   */
  count(options?: KeyValueStoreOptions): Table<number, string> {
    return this.#aggregate("count", COUNT, options);
  }

  /**
   * The first value, then what the reducer makes of the aggregate so far and each further value.
   *
   * @example
   * import { pipeline } from "../sdk/streams/index.ts";
   *
   * pipeline("largest", ({ stream }) =>
   *   stream<number>("amounts")
   *     .groupByKey()
   *     .reduce((largest, amount) => Math.max(largest, amount), { store: "largest" }),
   * );
   */
  reduce(
    reducer: (aggregate: Value, value: Value, key: string) => Value,
    options?: KeyValueStoreOptions,
  ): Table<Value, string> {
    return this.#aggregate("reduce", { aggregator: reducer as AggregateNode["aggregator"] }, options);
  }

  /**
   * What an aggregator makes of the values, a built-in one (`sum`, `topN` …) or your own; or what several make of them,
   * under their names. Their states are what is kept; the table's value, downstream and over HTTP, is their results. One
   * that joins the others later begins with the next record; to put another in its place, raise the version.
   *
   * @example
   * import { count, pipeline, quantile, sum, topN } from "../sdk/streams/index.ts";
   *
   * pipeline("auctions", ({ stream }) =>
   *   stream<{ bidder: string; price: number }>("bids")
   *     .groupByKey()
   *     .aggregate(
   *       {
   *         bids: count(),
   *         total: sum((bid) => bid.price),
   *         best: topN(3, (bid) => bid.price),
   *         median: quantile(0.5, (bid) => bid.price),
   *       },
   *       { store: "auctions" },
   *     )
   *     .to("auctions"),
   * );
   */
  aggregate<Aggregate extends Given<Value>>(
    aggregate: Argument<Value, Aggregate>,
    options?: KeyValueStoreOptions,
  ): Table<ResultOf<Aggregate>, string>;
  /**
   * The initializer's value, then what the aggregator makes of it and each value. The aggregate is kept as JSON: it may
   * hold numbers, strings, booleans, null, arrays and plain objects. Give a new one rather than change the one you got.
   */
  aggregate<Aggregate>(
    initializer: () => Aggregate,
    aggregator: (aggregate: Aggregate, value: Value, key: string) => Aggregate,
    options?: KeyValueStoreOptions,
  ): Table<Aggregate, string>;
  aggregate(given: Given<Value> | (() => unknown), ...rest: Rest<KeyValueStoreOptions>): Table<unknown, string> {
    const [functions, options] = functionsOf(given, rest);
    return this.#aggregate("aggregate", functions, options);
  }

  /**
   * Begins an aggregate over several grouped streams, each with its own aggregator: this one, then those given to
   * `.cogroup(stream, aggregator)`. Write down the type of the aggregate: it is not known before `aggregate`.
   *
   * @example
   * import { pipeline } from "../sdk/streams/index.ts";
   *
   * pipeline("activity", ({ stream }) =>
   *   stream("views")
   *     .groupByKey()
   *     .cogroup<{ views: number; orders: number }>((seen) => ({ ...seen, views: seen.views + 1 }))
   *     .cogroup(stream("orders").groupByKey(), (seen) => ({ ...seen, orders: seen.orders + 1 }))
   *     .aggregate(() => ({ views: 0, orders: 0 }), { store: "activity" }),
   * );
   */
  cogroup<Aggregate>(
    aggregator: (aggregate: Aggregate, value: Value, key: string) => Aggregate,
  ): CogroupedStream<Aggregate, Value> {
    return new CogroupedStream([{ place: this.#place, aggregator: aggregator as AggregateNode["aggregator"] }]);
  }

  /**
   * Groups by window as well: `tumbling`, `hopping`, `sliding`, `session`, `cumulative` or `unlimited`.
   *
   * @example
   * import { pipeline, sliding } from "../sdk/streams/index.ts";
   *
   * pipeline("recent", ({ stream }) =>
   *   stream("orders")
   *     .groupByKey()
   *     .windowedBy(sliding({ difference: "10 minutes", grace: "1 minute" }))
   *     .count({ store: "orders-in-ten-minutes" }),
   * );
   */
  windowedBy(windows: SessionWindowsOf<Value>): SessionWindowedStream<Value>;
  windowedBy(windows: NonSessionWindows): WindowedStream<Value>;
  windowedBy(windows: Windows): WindowedStream<Value> | SessionWindowedStream<Value> {
    return windows.kind === "session"
      ? new SessionWindowedStream(this.#add, { windows })
      : new WindowedStream(this.#add, { windows });
  }

  #aggregate<Result>(word: string, functions: Functions, options: KeyValueStoreOptions = {}): Table<Result, string> {
    return new Table(
      this.#add(word, (nodeName) => ({ kind: "aggregate", store: storeOf(options, nodeName), ...functions })),
    );
  }
}

/**
 * A stream grouped by key and window, made by `groupByKey().windowedBy(…)`. Its tables have keys `{key, start, end}`.
 *
 * @example
 * import { pipeline, tumbling } from "../sdk/streams/index.ts";
 *
 * pipeline("orders-per-minute", ({ stream }) =>
 *   stream("orders")
 *     .groupByKey()
 *     .windowedBy(tumbling({ size: "1 minute", grace: "10 seconds" }))
 *     .count({ store: "orders-per-minute", retention: "1 day" })
 *     .toStream()
 *     .map((count, window) => ({ key: window.key, value: { count, minute: window.start } }))
 *     .to("orders-per-minute"),
 * );
 */
export class WindowedStream<Value> {
  readonly #add: AddAggregate;
  readonly #windowing: Windowing;

  constructor(add: AddAggregate, windowing: Windowing) {
    this.#add = add;
    this.#windowing = windowing;
  }

  /**
   * When results go on: `onUpdate()`, as they do unless told, or `onClose()`.
   *
   * @example
   * import { onClose, pipeline, tumbling } from "../sdk/streams/index.ts";
   *
   * pipeline("final-counts", ({ stream }) =>
   *   stream("orders")
   *     .groupByKey()
   *     .windowedBy(tumbling({ size: "1 hour", grace: "5 minutes" }))
   *     .emit(onClose())
   *     .count()
   *     .to("final-counts"),
   * );
   */
  emit(strategy: EmitStrategy): WindowedStream<Value> {
    return new WindowedStream(this.#add, { ...this.#windowing, emit: strategy.emit });
  }

  /**
   * How long no record must come until windows close without one: see `onClose`.
   *
   * @example
   * import { onClose, pipeline, tumbling } from "../sdk/streams/index.ts";
   *
   * pipeline("prompt-counts", ({ stream }) =>
   *   stream("orders")
   *     .groupByKey()
   *     .windowedBy(tumbling({ size: "1 minute", grace: 0 }))
   *     .emit(onClose())
   *     .closeWhenIdle("10 seconds")
   *     .count()
   *     .to("prompt-counts"),
   * );
   */
  closeWhenIdle(quiet: Duration | "never"): WindowedStream<Value> {
    return new WindowedStream(this.#add, { ...this.#windowing, closeWhenIdleMs: quietMs(quiet) });
  }

  /**
   * How many records.
   *
   * @example
   * import { pipeline, tumbling } from "../sdk/streams/index.ts";
   *
   * pipeline("hourly", ({ stream }) =>
   *   stream("orders")
   *     .groupByKey()
   *     .windowedBy(tumbling({ size: "1 hour", grace: "5 minutes" }))
   *     .count({ store: "orders-per-hour", retention: "7 days" }),
   * );
   */
  count(options?: WindowStoreOptions): WindowedTable<number, Value> {
    return this.#aggregate("count", COUNT, options);
  }

  /**
   * The first value, then what the reducer makes of the aggregate so far and each further value.
   *
   * @example
   * import { pipeline, tumbling } from "../sdk/streams/index.ts";
   *
   * pipeline("hourly-largest", ({ stream }) =>
   *   stream<number>("amounts")
   *     .groupByKey()
   *     .windowedBy(tumbling({ size: "1 hour", grace: "5 minutes" }))
   *     .reduce((largest, amount) => Math.max(largest, amount), { store: "largest-per-hour" }),
   * );
   */
  reduce(
    reducer: (aggregate: Value, value: Value, key: string) => Value,
    options?: WindowStoreOptions,
  ): WindowedTable<Value, Value> {
    return this.#aggregate("reduce", { aggregator: reducer as AggregateNode["aggregator"] }, options);
  }

  /**
   * What an aggregator makes of the values, or several under their names, as of `groupByKey().aggregate`.
   *
   * @example
   * import { avg, count, pipeline, tumbling } from "../sdk/streams/index.ts";
   *
   * pipeline("hourly-means", ({ stream }) =>
   *   stream<number>("amounts")
   *     .groupByKey()
   *     .windowedBy(tumbling({ size: "1 hour", grace: "5 minutes" }))
   *     .aggregate({ orders: count(), mean: avg((amount) => amount) }, { store: "means-per-hour" }),
   * );
   */
  aggregate<Aggregate extends Given<Value>>(
    aggregate: Argument<Value, Aggregate>,
    options?: WindowStoreOptions,
  ): WindowedTable<ResultOf<Aggregate>, Value>;
  /**
   * The initializer's value, then what the aggregator makes of it and each value, kept as JSON as that of
   * `groupByKey().aggregate`.
   */
  aggregate<Aggregate>(
    initializer: () => Aggregate,
    aggregator: (aggregate: Aggregate, value: Value, key: string) => Aggregate,
    options?: WindowStoreOptions,
  ): WindowedTable<Aggregate, Value>;
  aggregate(given: Given<Value> | (() => unknown), ...rest: Rest<WindowStoreOptions>): WindowedTable<unknown, Value> {
    const [functions, options] = functionsOf(given, rest);
    return this.#aggregate("aggregate", functions, options);
  }

  #aggregate<Result>(
    word: string,
    functions: Functions,
    options: WindowStoreOptions | undefined,
  ): WindowedTable<Result, Value> {
    return new WindowedTable(addWindowed(this.#add, word, { windowing: this.#windowing, functions, options }));
  }
}
