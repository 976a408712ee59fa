import type { AggregateNode, Windows, Windowed } from "../../schema/plan.ts";
import { type KeyValueStoreOptions, storeOf, type WindowStoreOptions } from "./store.ts";
import type { Table } from "./table.ts";

/** Adds an aggregate node under the word; it is told the name that the node will have. */
type AddAggregate = <Result, Key extends string | Windowed>(
  word: string,
  aggregate: (nodeName: string) => Omit<AggregateNode, "name" | "inputs">,
) => Table<Result, Key>;

/** What grouping by key alone and by key and window share. */
class Grouping<Value, Key extends string | Windowed, Options extends WindowStoreOptions> {
  readonly #add: AddAggregate;
  readonly #windows: Windows | undefined;

  constructor(add: AddAggregate, windows?: Windows) {
    this.#add = add;
    this.#windows = windows;
  }

  /** How many records. */
  count(options?: Options): Table<number, Key> {
    return this.#aggregate("count", { initializer: () => 0, aggregator: (count) => (count as number) + 1 }, options);
  }

  /** The first value, then what the reducer makes of the aggregate so far and each further value. */
  reduce(reducer: (aggregate: Value, value: Value, key: string) => Value, options?: Options): Table<Value, Key> {
    return this.#aggregate("reduce", { aggregator: reducer as AggregateNode["aggregator"] }, options);
  }

  /**
   * The initializer's value, then what the aggregator makes of it and each value. The aggregate is kept as JSON: it may
   * hold numbers, strings, booleans, null, arrays and plain objects. Give a new one rather than change the one you got.
   */
  aggregate<Aggregate>(
    initializer: () => Aggregate,
    aggregator: (aggregate: Aggregate, value: Value, key: string) => Aggregate,
    options?: Options,
  ): Table<Aggregate, Key> {
    const node = { initializer, aggregator: aggregator as AggregateNode["aggregator"] };
    return this.#aggregate("aggregate", node, options);
  }

  #aggregate<Result>(
    word: string,
    functions: Pick<AggregateNode, "initializer" | "aggregator">,
    options: WindowStoreOptions = {},
  ): Table<Result, Key> {
    return this.#add(word, (nodeName) => ({
      kind: "aggregate",
      store: storeOf(options, nodeName),
      ...(this.#windows === undefined ? {} : { windows: this.#windows }),
      ...functions,
    }));
  }
}

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
export class GroupedStream<Value> extends Grouping<Value, string, KeyValueStoreOptions> {
  readonly #add: AddAggregate;

  constructor(add: AddAggregate) {
    super(add);
    this.#add = add;
  }

  /** Groups by window as well: `tumbling`, `hopping`, `cumulative` or `unlimited`. */
  windowedBy(windows: Windows): WindowedStream<Value> {
    return new WindowedStream(this.#add, windows);
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
export class WindowedStream<Value> extends Grouping<Value, Windowed, WindowStoreOptions> {}
