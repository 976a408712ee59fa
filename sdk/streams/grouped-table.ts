import type { TableAggregateNode } from "../../schema/plan.ts";
import { type Argument, type Given, type ResultOf, tableFunctions } from "./aggregators/functions.ts";
import { type KeyValueStoreOptions, storeOf } from "./store.ts";
import type { Table } from "./table.ts";

/** Adds an aggregate of grouped rows under the word; it is told the name that the node will have. */
type AddTableAggregate = <Result>(
  word: string,
  aggregate: (nodeName: string) => Omit<TableAggregateNode, "name" | "inputs">,
) => Table<Result, string>;

/**
 * The rows of a table in groups, made by `table.groupBy(…)`. When a row changes, what it was is subtracted from its group
 * and what it is now is added to the group it is in now; where that is one group there is one update. So the result is
 * always that of the rows the table has.
 *
 * @example
 * import { pipeline } from "../sdk/streams/index.ts";
 *
 * interface Order { readonly customer: string; readonly amount: number }
 *
 * pipeline("open-orders", ({ table }) => {
 *   const byCustomer = table<Order>("orders", { store: "orders" }).groupBy((order) => ({
 *     key: order.customer,
 *     value: order.amount,
 *   }));
 *   byCustomer.count({ store: "orders-per-customer" });
 *   byCustomer.reduce((total, amount) => total + amount, (total, amount) => total - amount, { store: "totals" });
 * });
 */
export class GroupedTable<Value> {
  readonly #add: AddTableAggregate;

  constructor(add: AddTableAggregate) {
    this.#add = add;
  }

  /**
   * How many rows. A group that no row is in any more stays at 0.
   *
   * @example
   * import { pipeline } from "../sdk/streams/index.ts";
   *
   * pipeline("customers-per-city", ({ table }) =>
   *   table<{ city: string }>("customers")
   *     .groupBy((customer) => ({ key: customer.city, value: 1 }))
   *     .count({ store: "customers-per-city" }),
   * );
   */
  count(options?: KeyValueStoreOptions): Table<number, string> {
    return this.#aggregate(
      "count",
      { initializer: () => 0, adder: (count) => (count as number) + 1, subtractor: (count) => (count as number) - 1 },
      options,
    );
  }

  /**
   * The first row, then what the adder makes of the aggregate so far and each further row; the subtractor takes one out
   * again. Null from either removes the group.
   *
   * @example
   * import { pipeline } from "../sdk/streams/index.ts";
   *
   * pipeline("stock", ({ table }) =>
   *   table<{ product: string; items: number }>("shelves")
   *     .groupBy((shelf) => ({ key: shelf.product, value: shelf.items }))
   *     .reduce((all, items) => all + items, (all, items) => all - items, { store: "stock" }),
   * );
   */
  reduce(
    adder: (aggregate: Value, value: Value, key: string) => Value,
    subtractor: (aggregate: Value, value: Value, key: string) => Value,
    options?: KeyValueStoreOptions,
  ): Table<Value, string> {
    return this.#aggregate("reduce", { adder, subtractor } as Functions, options);
  }

  /**
   * What an aggregator makes of the rows that the table has, or several under their names. They must be able to take a row
   * back: `count`, `sum`, `avg`, `variance`, `stddev`, `countDistinct`, `quantile` and `quantiles` are.
   *
   * @example
   * import { pipeline, sum } from "../sdk/streams/index.ts";
   *
   * pipeline("stock-value", ({ table }) =>
   *   table<{ product: string; euros: number }>("shelves")
   *     .groupBy((shelf) => ({ key: shelf.product, value: shelf.euros }))
   *     .aggregate(sum((euros) => euros), { store: "stock-value" }),
   * );
   */
  aggregate<Aggregate extends Given<Value>>(
    aggregate: Argument<Value, Aggregate>,
    options?: KeyValueStoreOptions,
  ): Table<ResultOf<Aggregate>, string>;
  /**
   * The initializer's value, then what the adder makes of it and each row; the subtractor takes one out again. The
   * aggregate is kept as JSON. Null from either removes the group.
   */
  aggregate<Aggregate>(
    initializer: () => Aggregate,
    adder: (aggregate: Aggregate, value: Value, key: string) => Aggregate,
    ...rest: [
      subtractor: (aggregate: Aggregate, value: Value, key: string) => Aggregate,
      options?: KeyValueStoreOptions,
    ]
  ): Table<Aggregate, string>;
  aggregate(given: Given<Value> | (() => unknown), ...rest: Rest): Table<unknown, string> {
    const [second, subtractor, options] = rest;
    if (typeof given !== "function")
      return this.#aggregate("aggregate", tableFunctions(given), second as KeyValueStoreOptions);
    return this.#aggregate("aggregate", { initializer: given, adder: second, subtractor } as Functions, options);
  }

  #aggregate<Result>(word: string, functions: Functions, options: KeyValueStoreOptions = {}): Table<Result, string> {
    return this.#add(word, (nodeName) => ({
      kind: "tableAggregate",
      store: storeOf(options, nodeName),
      ...functions,
    }));
  }
}

type Functions = Pick<TableAggregateNode, "initializer" | "adder" | "subtractor" | "result">;
type Fold = (aggregate: never, value: never, key: string) => unknown;
/** What `aggregate` is given behind an initializer, or behind aggregators. */
type Rest = readonly [given?: Fold | KeyValueStoreOptions, subtractor?: Fold, options?: KeyValueStoreOptions];
