import type {
  GroupTableNode,
  PlanKey,
  RecordContext,
  StoreDefinition,
  TableFilterNode,
  TableJoinNode,
  TableMapValuesNode,
} from "../../schema/plan.ts";
import type { Windowed, Windows } from "../../schema/windows.ts";
import { GroupedTable } from "./grouped-table.ts";
import type { Typed } from "./join.ts";
import type { SinkFor } from "./sink.ts";
import { type KeyValueStoreOptions, type RowStoreOptions, storeOf } from "./store.ts";
import type { Stream } from "./stream.ts";
import type { Place } from "./stream-place.ts";
import { type FinalResults, graceOf, type Suppressed } from "./suppress.ts";
import {
  type ForeignKeyJoinOptions,
  type GivenJoinOfTables,
  joinOfTables,
  type TableJoinOptions,
} from "./table-join.ts";

/** What a row holds: a change may also say that it is gone. */
type Row<Value> = Exclude<Value, null>;

/**
 * The last value of each key, kept in a store that can be read over HTTP. Made by `table`, `toTable`, `count`, `reduce`
 * and `aggregate`; the key of a windowed one is `{key, start, end}`. `Value` is what its changes hold: null included where
 * rows can go.
 *
 * @example
 * import { pipeline, type Table } from "../sdk/streams/index.ts";
 *
 * pipeline("order-counts", ({ stream }) => {
 *   const counts: Table<number, string> = stream("orders").groupByKey().count({ store: "order-counts" });
 *   counts.toStream().filter((count) => count % 100 === 0).to("hundredth-orders");
 * });
 */
export class Table<Value, Key extends PlanKey> {
  readonly #place: Place;

  /** Tables come from `table(topic)` inside `pipeline()`, and from streams and tables. */
  constructor(place: Place) {
    this.#place = place;
  }

  /**
   * The table's changes: a record with the new value at each update (per event), or one for each key changed in a
   * micro-batch, with its last value. A row that goes is a null value. With a selector under another key.
   *
   * @example
   * import { pipeline } from "../sdk/streams/index.ts";
   *
   * pipeline("changes", ({ table }) => table<{ name: string }>("customers").toStream().to("customer-changes"));
   */
  toStream(): Stream<Value, Key>;
  toStream(selector: (value: Value, key: Key, context: RecordContext) => string | null): Stream<Value, string | null>;
  toStream(
    selector?: (value: Value, key: Key, context: RecordContext) => string | null,
  ): Stream<Value, Key> | Stream<Value, string | null> {
    const changes = this.#place.streamAt<Value, Key>(this.#place.node);
    return selector === undefined ? changes : changes.selectKey(selector);
  }

  /**
   * The rows for which the predicate is true. A row that no longer matches leaves with a tombstone; one that never did
   * sends nothing. With `store` the rows are kept in a store of their own, to be read. Functions of tables are asked again
   * about the value that a row replaces, so they get value and key alone and must give the same again.
   *
   * @example
   * import { pipeline } from "../sdk/streams/index.ts";
   *
   * pipeline("open-orders", ({ table }) =>
   *   table<{ open: boolean }>("orders", { store: "orders" })
   *     .filter((order) => order.open, { store: "open-orders" })
   *     .to("open-orders"),
   * );
   */
  filter<Narrow extends Row<Value>>(
    predicate: (value: Row<Value>, key: Key) => value is Narrow,
    options?: RowStoreOptions<Key>,
  ): Table<Narrow | null, Key>;
  filter(
    predicate: (value: Row<Value>, key: Key) => boolean,
    options?: RowStoreOptions<Key>,
  ): Table<Row<Value> | null, Key>;
  filter(
    predicate: (value: Row<Value>, key: Key) => boolean,
    options?: RowStoreOptions<Key>,
  ): Table<Row<Value> | null, Key> {
    return this.#filter("filter", predicate as TableFilterNode["predicate"], options);
  }

  /**
   * The rows for which the predicate is false.
   *
   * @example
   * import { pipeline } from "../sdk/streams/index.ts";
   *
   * pipeline("open", ({ table }) =>
   *   table<{ closed: boolean }>("orders").filterNot((order) => order.closed, { store: "open-orders" }),
   * );
   */
  filterNot(
    predicate: (value: Row<Value>, key: Key) => boolean,
    options?: RowStoreOptions<Key>,
  ): Table<Row<Value> | null, Key> {
    return this.#filter("filterNot", (value, key) => !predicate(value as Row<Value>, key as Key), options);
  }

  /**
   * The rows with other values; null from the mapper is no row. With `store` they are kept in a store of their own.
   *
   * @example
   * import { pipeline } from "../sdk/streams/index.ts";
   *
   * pipeline("names", ({ table }) =>
   *   table<{ name: string }>("customers").mapValues((customer) => customer.name, { store: "names" }),
   * );
   */
  mapValues<Next>(
    mapper: (value: Row<Value>, key: Key) => Next,
    options?: RowStoreOptions<Key>,
  ): Table<Next | Extract<Value, null>, Key> {
    return this.#then("mapValues", {
      kind: "tableMapValues",
      mapper: mapper as TableMapValuesNode["mapper"],
      store: rowStoreOf(options),
    });
  }

  /**
   * The rows in groups: by the key that the selector gives, with the value that is to be aggregated. A row for which
   * either is null is in no group.
   *
   * @example
   * import { pipeline } from "../sdk/streams/index.ts";
   *
   * pipeline("per-city", ({ table }) =>
   *   table<{ city: string }>("customers")
   *     .groupBy((customer) => ({ key: customer.city, value: 1 }))
   *     .count({ store: "customers-per-city" }),
   * );
   */
  groupBy<Next>(
    selector: (value: Row<Value>, key: Key) => { readonly key: string | null; readonly value: Next },
  ): GroupedTable<Row<Next>> {
    const { graph, node } = this.#place;
    const group: Omit<GroupTableNode, "name"> = {
      kind: "groupTable",
      selector: selector as GroupTableNode["selector"],
      inputs: [node],
    };
    const grouped = graph.add("groupBy", group);
    return new GroupedTable((word, aggregate) =>
      this.#at(graph.add(word, { ...aggregate(graph.nextName(word)), inputs: [grouped] })),
    );
  }

  /**
   * A row for each key that has one in both tables, made anew whenever either changes, with the later time of both. null
   * from the joiner is no row. A table may be joined with itself. Tables of windows are joined by key and window; both must
   * be grouped by the same tumbling, hopping, cumulative or unlimited windows, and a window that one of them has let go
   * joins no more. With `foreignKey` each row of this table is joined with
   * the row whose key it names, under its own key; many rows may name one.
   *
   * @example
   * import { pipeline } from "../sdk/streams/index.ts";
   *
   * pipeline("addresses", ({ table }) =>
   *   table<{ name: string }>("customers")
   *     .join(table<{ city: string }>("addresses"), (customer, address) => ({ ...customer, ...address }), {
   *       store: "customers-with-addresses",
   *     })
   *     .to("customers-with-addresses"),
   * );
   *
   * @example
   * import { pipeline } from "../sdk/streams/index.ts";
   *
   * pipeline("orders-by-name", ({ table }) =>
   *   table<{ customer: string; amount: number }>("orders")
   *     .join(table<{ name: string }>("customers"), (order, customer) => ({ ...order, name: customer.name }), {
   *       foreignKey: (order) => order.customer,
   *     })
   *     .to("orders-by-name"),
   * );
   *
   * @example
   * import { hopping, pipeline } from "../sdk/streams/index.ts";
   *
   * pipeline("clicks-per-view", ({ stream }) => {
   *   const windows = hopping({ size: "10 minutes", advance: "5 minutes", grace: "1 minute" });
   *   const views = stream("views").groupByKey().windowedBy(windows).count();
   *   const clicks = stream("clicks").groupByKey().windowedBy(windows).count();
   *   clicks.join(views, (clicked, viewed, window) => ({ ...window, share: clicked / viewed })).to("clicks-per-view");
   * });
   */
  // oxlint-disable-next-line max-params -- `this` is no parameter
  join<Other, Result>(
    this: Table<Value, string>,
    other: Table<Other, string>,
    joiner: (left: Row<Value>, right: Row<Other>, key: string) => Result,
    options?: TableJoinOptions | ForeignKeyJoinOptions<Row<Value>>,
  ): Table<Result | null, string>;
  // oxlint-disable-next-line max-params -- `this` is no parameter
  join<Other, Result>(
    this: Table<Value, Windowed>,
    other: Table<Other, Windowed>,
    joiner: (left: Row<Value>, right: Row<Other>, key: Windowed) => Result,
    options?: TableJoinOptions,
  ): Table<Result | null, Windowed>;
  join(
    other: Table<unknown, never>,
    joiner: Typed<TableJoinNode["joiner"]>,
    options: TableJoinOptions | ForeignKeyJoinOptions<never> = {},
  ): Table<unknown, never> {
    return this.#joined("join", other, { join: "inner", joiner, ...options });
  }

  /**
   * As `join`, with a row for each row of this table; null for the other where it has none.
   *
   * @example
   * import { pipeline } from "../sdk/streams/index.ts";
   *
   * pipeline("with-or-without", ({ table }) =>
   *   table<{ name: string }>("customers")
   *     .leftJoin(table<{ city: string }>("addresses"), ({ name }, address) => ({ name, city: address?.city ?? null }))
   *     .to("customers-with-cities"),
   * );
   */
  // oxlint-disable-next-line max-params -- `this` is no parameter
  leftJoin<Other, Result>(
    this: Table<Value, string>,
    other: Table<Other, string>,
    joiner: (left: Row<Value>, right: Row<Other> | null, key: string) => Result,
    options?: TableJoinOptions | ForeignKeyJoinOptions<Row<Value>>,
  ): Table<Result | null, string>;
  // oxlint-disable-next-line max-params -- `this` is no parameter
  leftJoin<Other, Result>(
    this: Table<Value, Windowed>,
    other: Table<Other, Windowed>,
    joiner: (left: Row<Value>, right: Row<Other> | null, key: Windowed) => Result,
    options?: TableJoinOptions,
  ): Table<Result | null, Windowed>;
  leftJoin(
    other: Table<unknown, never>,
    joiner: Typed<TableJoinNode["joiner"]>,
    options: TableJoinOptions | ForeignKeyJoinOptions<never> = {},
  ): Table<unknown, never> {
    return this.#joined("leftJoin", other, { join: "left", joiner, ...options });
  }

  /**
   * As `join`, with a row for each key of either table; null for one that has none.
   *
   * @example
   * import { pipeline } from "../sdk/streams/index.ts";
   *
   * pipeline("stock-everywhere", ({ table }) =>
   *   table<number>("shop-stock")
   *     .outerJoin(table<number>("store-stock"), (shop, store) => (shop ?? 0) + (store ?? 0))
   *     .to("stock"),
   * );
   */
  // oxlint-disable-next-line max-params -- `this` is no parameter
  outerJoin<Other, Result>(
    this: Table<Value, string>,
    other: Table<Other, string>,
    joiner: (left: Row<Value> | null, right: Row<Other> | null, key: string) => Result,
    options?: TableJoinOptions,
  ): Table<Result | null, string>;
  // oxlint-disable-next-line max-params -- `this` is no parameter
  outerJoin<Other, Result>(
    this: Table<Value, Windowed>,
    other: Table<Other, Windowed>,
    joiner: (left: Row<Value> | null, right: Row<Other> | null, key: Windowed) => Result,
    options?: TableJoinOptions,
  ): Table<Result | null, Windowed>;
  outerJoin(
    other: Table<unknown, never>,
    joiner: Typed<TableJoinNode["joiner"]>,
    options: TableJoinOptions = {},
  ): Table<unknown, never> {
    return this.#joined("outerJoin", other, { join: "outer", joiner, ...options });
  }

  /**
   * The name of its store, by which it is read over HTTP and in `batchSql`.
   *
   * @example
   * import { batchSql, every, pipeline } from "../sdk/streams/index.ts";
   *
   * pipeline("top", ({ stream }) => {
   *   const counts = stream("orders").groupByKey().count({ store: "counts" });
   *   const top = batchSql`select key, value as orders from ${{ storeName: counts.storeName }} order by value desc limit 3`;
   *   stream("orders").batchSql(top).to("top-customers");
   * }).trigger(every("10 seconds"));
   */
  get storeName(): string {
    return this.#place.graph.tableOf(this.#place.node).store;
  }

  /**
   * All rows of the table at the end of every micro-batch: by key, of windows by start and key, of sessions and sliding
   * windows by key and time. Spark's complete mode. Rows of all keys of a partition; of all there are when the table is in
   * one partition (`coalesce`).
   *
   * @example
   * import { every, pipeline } from "../sdk/streams/index.ts";
   *
   * pipeline("all-counts", ({ stream }) =>
   *   stream("orders").groupByKey().count({ store: "counts" }).complete().to("all-counts"),
   * ).trigger(every("10 seconds"));
   */
  complete(): Stream<Value, Key> {
    const { graph, node } = this.#place;
    const { store: storeName, windows } = graph.tableOf(node);
    const name = graph.add("complete", { kind: "complete", storeName, windows, inputs: [node] });
    return this.#place.streamAt(name);
  }

  /**
   * Holds changes back and sends the last of each key: `untilWindowCloses()` each window once, with its final result,
   * `untilTimeLimit(duration)` at most one change a key in that time. Name the store to keep what waits when the pipeline
   * is changed.
   *
   * @example
   * import { pipeline, tumbling, untilWindowCloses } from "../sdk/streams/index.ts";
   *
   * pipeline("final-hours", ({ stream }) =>
   *   stream("orders")
   *     .groupByKey()
   *     .windowedBy(tumbling({ size: "1 hour", grace: "5 minutes" }))
   *     .count()
   *     .suppress(untilWindowCloses(), { store: "open-hours" })
   *     .to("final-hours"),
   * );
   */
  suppress(
    this: Table<Value, Windowed>,
    suppressed: FinalResults,
    options?: KeyValueStoreOptions,
  ): Table<Row<Value>, Windowed>;
  suppress(suppressed: Suppressed<Key>, options?: KeyValueStoreOptions): Table<Value, Key>;
  suppress(
    { until, limitMs, buffer }: Suppressed<never>,
    options: KeyValueStoreOptions = {},
  ): Table<Row<Value>, Windowed> | Table<Value, Key> {
    const { graph, node } = this.#place;
    const store = storeOf(options, graph.nextName("suppress"));
    const waitMs = until === "timeLimit" ? (limitMs ?? 0) : graceOf(graph.windowsOf(node));
    return this.#at<Value, Key>(
      graph.add("suppress", { kind: "suppress", store, until, waitMs, buffer: buffer.bounds, inputs: [node] }),
    );
  }

  /**
   * Sends the changes: short for `.toStream().to(sink)`.
   *
   * @example
   * import { pipeline } from "../sdk/streams/index.ts";
   *
   * pipeline("counts", ({ stream }) => stream("orders").groupByKey().count({ store: "counts" }).to("counts"));
   */
  to(sink: string | SinkFor<Value, Key>): void {
    this.toStream().to(sink);
  }

  #joined(word: string, other: Table<unknown, never>, given: GivenJoinOfTables): Table<unknown, never> {
    const { graph, node } = this.#place;
    const inputs = [node, graph.ownNode(other.#place.graph, other.#place.node)] as const;
    const windows = joinedWindows(graph.tableWindows(node), graph.tableWindows(inputs[1]));
    const joined = joinOfTables(given, { nodeName: graph.nextName(word), windows });
    return this.#at(graph.add(word, { ...joined, inputs }));
  }

  #filter<Next>(
    word: string,
    predicate: TableFilterNode["predicate"],
    options: RowStoreOptions<Key> | undefined,
  ): Table<Next, Key> {
    return this.#then(word, { kind: "tableFilter", predicate, store: rowStoreOf(options) });
  }

  #then<Next>(
    word: string,
    node: Omit<TableFilterNode, "name" | "inputs"> | Omit<TableMapValuesNode, "name" | "inputs">,
  ): Table<Next, Key> {
    return this.#at(this.#place.graph.add(word, { ...node, inputs: [this.#place.node] }));
  }

  #at<Next, NextKey extends PlanKey>(node: string): Table<Next, NextKey> {
    return new Table({ ...this.#place, node });
  }
}

/** Of the rows of a join: those of its tables, which take records as long as either does. */
function joinedWindows(left: Windows | undefined, right: Windows | undefined): Windows | undefined {
  if (left === undefined || right === undefined || !("graceMs" in left) || !("graceMs" in right)) return left ?? right;
  return { ...left, graceMs: Math.max(left.graceMs, right.graceMs) };
}

function rowStoreOf(options: { readonly store?: string | undefined } = {}): StoreDefinition | undefined {
  return options.store === undefined ? undefined : storeOf(options, options.store);
}
