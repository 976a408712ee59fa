import type {
  BranchNode,
  DedupNode,
  FilterNode,
  FlatMapNode,
  FlatMapValuesNode,
  ForeachNode,
  MapNode,
  MapValuesNode,
  PeekNode,
  PlanKey,
  RecordContext,
  RepartitionNode,
  SelectKeyNode,
  SplitNode,
} from "../../schema/plan.ts";
import { type Duration, durationMs } from "./duration.ts";
import type { Graph } from "./graph.ts";
import { GroupedStream } from "./grouped-stream.ts";
import { type SinkFor, topic } from "./sink.ts";
import { type KeyValueStoreOptions, storeOf } from "./store.ts";
import { Table } from "./table.ts";

type Unplaced<Node> = Node extends unknown ? Omit<Node, "name" | "inputs"> : never;

/**
 * Records one after another: of a topic, or what an operator makes of them. Functions get the value first, then the key,
 * then the context; they are synchronous and must be deterministic. One that throws sends its input record, with the
 * error, to the dead-letter topic `<pipeline>.dead-letters`, and none of that record's effects stay.
 *
 * Every method leaves the stream as it is, so a stream may be used several times.
 *
 * @example
 * import { pipeline, type Stream } from "../sdk/streams/index.ts";
 *
 * interface Order { readonly amount: number }
 * const large = (orders: Stream<Order>): Stream<Order> => orders.filter((order) => order.amount > 1_000);
 *
 * pipeline("large-orders", ({ stream }) => large(stream<Order>("orders")).to("large-orders"));
 */
export class Stream<Value, Key extends PlanKey = string | null> {
  readonly #graph: Graph;
  readonly #node: string;

  /** Streams come from `stream(topic)` inside `pipeline()`. */
  constructor(graph: Graph, node: string) {
    this.#graph = graph;
    this.#node = node;
  }

  /** Keeps the records for which the predicate is true. A type guard narrows the values. */
  filter<Narrow extends Value>(
    predicate: (value: Value, key: Key, context: RecordContext) => value is Narrow,
  ): Stream<Narrow, Key>;
  filter(predicate: (value: Value, key: Key, context: RecordContext) => boolean): Stream<Value, Key>;
  filter(predicate: (value: Value, key: Key, context: RecordContext) => boolean): Stream<Value, Key> {
    return this.#then("filter", { kind: "filter", predicate: predicate as FilterNode["predicate"] });
  }

  /** Keeps the records for which the predicate is false. */
  filterNot(predicate: (value: Value, key: Key, context: RecordContext) => boolean): Stream<Value, Key> {
    return this.#then("filterNot", {
      kind: "filter",
      predicate: (value, key, context) => !predicate(value as Value, key as Key, context),
    });
  }

  /** One record for each record, with a new value and a new key. */
  map<Next>(
    mapper: (value: Value, key: Key, context: RecordContext) => { readonly key: string | null; readonly value: Next },
  ): Stream<Next> {
    return this.#then("map", { kind: "map", mapper: mapper as MapNode["mapper"] });
  }

  /** One record for each record, with a new value and the same key. */
  mapValues<Next>(mapper: (value: Value, key: Key, context: RecordContext) => Next): Stream<Next, Key> {
    return this.#then("mapValues", { kind: "mapValues", mapper: mapper as MapValuesNode["mapper"] });
  }

  /** Any number of records for each record. */
  flatMap<Next>(
    mapper: (
      value: Value,
      key: Key,
      context: RecordContext,
    ) => Iterable<{ readonly key: string | null; readonly value: Next }>,
  ): Stream<Next> {
    return this.#then("flatMap", { kind: "flatMap", mapper: mapper as FlatMapNode["mapper"] });
  }

  /** Any number of values for each record, under its key. */
  flatMapValues<Next>(mapper: (value: Value, key: Key, context: RecordContext) => Iterable<Next>): Stream<Next, Key> {
    return this.#then("flatMapValues", { kind: "flatMapValues", mapper: mapper as FlatMapValuesNode["mapper"] });
  }

  /**
   * Calls a function with each record and passes it on unchanged: to count or log. It may be called again for a record
   * whose transaction was lost.
   */
  peek(action: (value: Value, key: Key, context: RecordContext) => void): Stream<Value, Key> {
    return this.#then("peek", { kind: "peek", action: action as PeekNode["action"] });
  }

  /** As `peek`, at the end of a stream. What must be done once for each record is a sink's work: `to`. */
  foreach(action: (value: Value, key: Key, context: RecordContext) => void): void {
    this.#then("foreach", { kind: "foreach", action: action as ForeachNode["action"] });
  }

  /**
   * Several streams of one: each record goes to the first branch whose predicate is true, and to none where none is. A
   * last branch given as `true` takes all that is left.
   *
   * @example
   * import { pipeline } from "../sdk/streams/index.ts";
   *
   * pipeline("sizes", ({ stream }) => {
   *   const { large, rest } = stream<{ amount: number }>("orders").split({
   *     large: (order) => order.amount > 1_000,
   *     rest: true,
   *   });
   *   large.to("large-orders");
   *   rest.to("other-orders");
   * });
   */
  split<Branch extends string>(branches: {
    readonly [name in Branch]: true | ((value: Value, key: Key, context: RecordContext) => boolean);
  }): { readonly [name in Branch]: Stream<Value, Key> } {
    const names = Object.keys(branches) as Branch[];
    const predicates = names.map((name) => (branches[name] === true ? undefined : branches[name]));
    if (names.length === 0) throw new Error("split has no branches. Name at least one: { large: (order) => … }.");
    const open = predicates.indexOf(undefined);
    if (open >= 0 && open < predicates.length - 1) {
      throw new Error(`Branch "${names[open]}" takes all that is left, so it stands last: move it behind the others.`);
    }
    const split = this.#then("split", { kind: "split", predicates: predicates as SplitNode["predicates"] });
    const streams = names.map((name, branch) => [name, split.#then("branch", { kind: "branch", branch })]);
    return Object.fromEntries(streams) as { readonly [name in Branch]: Stream<Value, Key> };
  }

  /** The same records under a new key. */
  selectKey(selector: (value: Value, key: Key, context: RecordContext) => string | null): Stream<Value> {
    return this.#then("selectKey", { kind: "selectKey", selector: selector as SelectKeyNode["selector"] });
  }

  /**
   * The first record of each key within a time; later ones of the key, and earlier ones that come later, within that time
   * of it are dropped and counted. With `id` the first of each id of a key. Times are those of the records. What is behind
   * the largest time seen by more than `within` may be a repetition and is dropped too, counted as late: nothing comes
   * out twice.
   *
   * @example
   * import { pipeline } from "../sdk/streams/index.ts";
   *
   * pipeline("orders-once", ({ stream }) =>
   *   stream<{ orderId: string }>("orders")
   *     .selectKey((order) => order.orderId)
   *     .dedup({ within: "1 day" })
   *     .to("orders-once"),
   * );
   */
  dedup(
    this: Stream<Value, string | null>,
    options: {
      readonly within: Duration;
      readonly id?: (value: Value, key: string | null, context: RecordContext) => string;
    } & KeyValueStoreOptions,
  ): Stream<Value, string | null> {
    const store = storeOf(options, this.#graph.nextName("dedup"));
    const id = options.id as DedupNode["id"];
    return this.#then("dedup", { kind: "dedup", store, withinMs: durationMs(options.within), id });
  }

  /** The records of both streams as they come, also of different topics: those then go through one internal topic. */
  merge<OtherValue, OtherKey extends PlanKey>(
    other: Stream<OtherValue, OtherKey>,
  ): Stream<Value | OtherValue, Key | OtherKey> {
    const inputs = [this.#node, this.#graph.ownNode(other.#graph, other.#node)];
    return new Stream(this.#graph, this.#graph.add("merge", { kind: "merge", inputs }));
  }

  /**
   * Places the records by their key again, in an internal topic of so many partitions (as many as before unless given).
   * What keeps state by a changed key does this by itself; called, it sets the number of partitions.
   */
  repartition(options: { readonly partitions?: number } = {}): Stream<Value, Key> {
    return this.#then("repartition", { kind: "repartition", partitions: options.partitions });
  }

  /** Records of one key together, to be counted, reduced or aggregated. Records without a key are dropped and counted. */
  groupByKey(this: Stream<Value, string | null>): GroupedStream<Value> {
    return new GroupedStream((word, aggregate) => {
      const node = this.#graph.add(word, { ...aggregate(this.#graph.nextName(word)), inputs: [this.#node] });
      return tableAt(this.#graph, node);
    });
  }

  /** The last value of each key, kept in a store. A null value removes its key. */
  toTable(this: Stream<Value, string | null>, options: KeyValueStoreOptions = {}): Table<Value, string> {
    const store = storeOf(options, this.#graph.nextName("toTable"));
    return tableAt(this.#graph, this.#graph.add("toTable", { kind: "toTable", store, inputs: [this.#node] }));
  }

  /**
   * Sends the records to a topic as JSON, or to what `topic`, `d1` and `r2` name. Window keys are written as Kafka's
   * TimeWindowedSerializer does: the key, then the window's start as 8 bytes, big-endian.
   */
  to(sink: string | SinkFor<Value, Key>): void {
    const target = typeof sink === "string" ? topic(sink) : sink;
    this.#graph.add("sink", { kind: "sink", sink: target.sink, inputs: [this.#node] });
  }

  #then<Next, NextKey extends PlanKey>(
    word: string,
    node: Unplaced<
      | FilterNode
      | MapNode
      | MapValuesNode
      | FlatMapNode
      | FlatMapValuesNode
      | PeekNode
      | ForeachNode
      | SplitNode
      | BranchNode
      | DedupNode
      | SelectKeyNode
      | RepartitionNode
    >,
  ): Stream<Next, NextKey> {
    return new Stream(this.#graph, this.#graph.add(word, { ...node, inputs: [this.#node] }));
  }
}

/** The table whose changes a node makes. */
export function tableAt<Value, Key extends PlanKey>(graph: Graph, node: string): Table<Value, Key> {
  return new Table({ graph, node, streamAt: (at) => new Stream(graph, at) });
}
