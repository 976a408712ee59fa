import type {
  BatchContext,
  BatchSqlNode,
  BranchNode,
  DedupNode,
  FilterNode,
  FlatMapNode,
  FlatMapValuesNode,
  ForEachBatchNode,
  ForeachNode,
  JoinWindows,
  MapBatchNode,
  MapNode,
  MapValuesNode,
  PatternNode,
  PeekNode,
  PlanKey,
  ProcessFunction,
  ProcessNode,
  RecordContext,
  RepartitionNode,
  SelectKeyNode,
  SplitNode,
  WatermarkDefinition,
  UnwindowNode,
  WatermarkNode,
  Windowed,
} from "../../schema/plan.ts";
import type { BatchQuery } from "./batch-sql.ts";
import { type Duration, durationMs } from "./duration.ts";
import { checkName, type Graph } from "./graph.ts";
import { GlobalTable } from "./global-table.ts";
import { GroupedStream } from "./grouped-stream.ts";
import {
  type GivenJoin,
  joinOptions,
  mirroredOptions,
  type OuterJoinOptions,
  type StreamJoinOptions,
  streamJoinOf,
  type Unbounded,
} from "./join.ts";
import { type GlobalJoinOptions, globalJoinOf, type StreamTableJoinOptions, streamTableJoinOf } from "./table-join.ts";
import type { Emitted, Processor, States } from "./processor.ts";
import type { Sequence } from "./sequence.ts";
import { type SinkFor, topic } from "./sink.ts";
import { type KeyValueStoreOptions, storeOf, tableOf, type TableOptions } from "./store.ts";
import { Table, type TablePlace } from "./table.ts";

/**
 * `store`: the first part of the names of its stores, `<store>.<state>`.
 *
 * @example
 * import type { ProcessOptions } from "../sdk/streams/index.ts";
 *
 * const options: ProcessOptions<never> = { store: "sessions" };
 */
export interface ProcessOptions<Initial> extends KeyValueStoreOptions {
  readonly initialState?: Table<Initial, string> | undefined;
}

/**
 * What is made of a match: `select` gets the records that each step took, by its name. After a match the search begins anew
 * behind its last record (`pastLast`, unless told), or goes on with what began after its first one (`toNext`).
 *
 * @example
 * import type { MatchOptions } from "../sdk/streams/index.ts";
 *
 * const options: MatchOptions<number, "low" | "high", number> = { select: ({ low, high }) => low.length + high.length };
 */
export interface MatchOptions<Value, Names extends string, Result> extends KeyValueStoreOptions {
  readonly select: (
    matched: { readonly [name in Names]: readonly Value[] },
    key: string,
    context: RecordContext,
  ) => Result;
  readonly skip?: "pastLast" | "toNext" | undefined;
}

/** A processor as the plan holds it. */
type Untyped = Pick<ProcessNode, "record" | "timer" | "initial"> & { readonly state: States };
/** What a stream can be joined with; the overloads say which function and options go with each. */
type Joinable = Stream<unknown, PlanKey> | Table<unknown, string> | GlobalTable<unknown>;
type AnyJoiner = (left: never, right: never, key: never) => unknown;
/** Values of joins are there: a record without one is dropped. */
type Present<Value> = Exclude<Value, null>;

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

  /**
   * All records of a micro-batch at once, in its transaction. It sends `{ value }`, with a `key` and `timestampMs` where it
   * says so, else without a key and with the largest time in the batch. A batch is of one partition; `coalesce` first
   * where it should be of all. When the function throws, the records of the batch are dead letters.
   *
   * @example
   * import { every, pipeline } from "../sdk/streams/index.ts";
   *
   * pipeline("sizes", ({ stream }) =>
   *   stream<{ amount: number }>("orders")
   *     .mapBatch((orders, { batchId }) => [{ key: `${batchId}`, value: { orders: orders.length } }])
   *     .to("batch-sizes"),
   * ).trigger(every("10 seconds"));
   */
  mapBatch<Result>(
    mapper: (
      records: readonly {
        readonly key: Key;
        readonly value: Value;
        readonly timestampMs: number;
        readonly offset: number;
      }[],
      context: BatchContext,
    ) => Iterable<Emitted<Result>>,
  ): Stream<Result> {
    return this.#then("mapBatch", { kind: "mapBatch", mapper: mapper as unknown as MapBatchNode["mapper"] });
  }

  /**
   * One SELECT over each micro-batch, see `batchSql`. A result row is a record: its column `key` is the key (text), its
   * column `timestamp` the time, the others the value.
   */
  batchSql<Row extends object = { readonly [column: string]: string | number | null }>(query: BatchQuery): Stream<Row> {
    return this.#then("batchSql", { kind: "batchSql", ...query });
  }

  /**
   * Calls an async function with the records of each micro-batch, outside the transaction, before the batch commits: at
   * least once, and the same batch has the same `batchId`, so that the target can tell a repetition. While it runs the
   * task does not go on; when it fails or takes longer than `timeout` (30 seconds unless told) it is called again.
   *
   * @example
   * import { every, pipeline } from "../sdk/streams/index.ts";
   *
   * pipeline("search", ({ stream }) =>
   *   stream("products").forEachBatch(async (products, { batchId }) => {
   *     await fetch("https://search.example/bulk", {
   *       method: "POST",
   *       headers: { "Idempotency-Key": `products-${batchId}` },
   *       body: JSON.stringify(products),
   *     });
   *   }),
   * ).trigger(every("10 seconds"));
   */
  forEachBatch(
    action: (
      records: readonly {
        readonly key: Key;
        readonly value: Value;
        readonly timestampMs: number;
        readonly offset: number;
      }[],
      context: BatchContext & { readonly env: unknown },
    ) => Promise<void>,
    options: { readonly timeout?: Duration } = {},
  ): void {
    const timeoutMs = durationMs(options.timeout ?? "30 seconds");
    this.#then("forEachBatch", {
      kind: "forEachBatch",
      action: action as unknown as ForEachBatchNode["action"],
      timeoutMs,
    });
  }

  /**
   * Records of windows under their key without the window: windows of windows, and other state by that key, then need no
   * internal topic, which `map` would. A tombstone of a window is handed over as null.
   *
   * @example
   * import { pipeline, tumbling } from "../sdk/streams/index.ts";
   *
   * pipeline("busiest-hour", ({ stream }) =>
   *   stream("orders")
   *     .groupByKey()
   *     .windowedBy(tumbling({ size: "1 hour", grace: 0 }))
   *     .count()
   *     .toStream()
   *     .unwindow((orders, hour) => ({ hour: hour.start, orders: orders ?? 0 }))
   *     .groupByKey()
   *     .reduce((best, hour) => (hour.orders > best.orders ? hour : best), { store: "busiest-hour" }),
   * );
   */
  unwindow<Next>(
    this: Stream<Value, Windowed>,
    mapper: (value: Value, window: Windowed, context: RecordContext) => Next,
  ): Stream<Next, string | null> {
    return this.#then("unwindow", { kind: "unwindow", mapper: mapper as UnwindowNode["mapper"] });
  }

  /**
   * Sets the time of all stateful operators behind it: the largest record time that passed here, less a delay. Of several
   * inputs the least counts (`policy: "max"`: the largest). With `moves: "everyBatch"` it is Spark's: it stands still
   * in a micro-batch, records are late by its value in the batch before, and when it has moved a batch without records
   * follows (`emptyBatch: false`: none), so that what has closed comes out. Windows then need no grace of their own.
   *
   * @example
   * import { every, onClose, pipeline, tumbling } from "../sdk/streams/index.ts";
   *
   * pipeline("hourly", ({ stream }) =>
   *   stream("orders")
   *     .withWatermark("10 minutes", { moves: "everyBatch" })
   *     .groupByKey()
   *     .windowedBy(tumbling({ size: "1 hour", grace: 0 }))
   *     .emit(onClose())
   *     .count()
   *     .to("orders-per-hour"),
   * ).trigger(every("10 seconds"));
   */
  withWatermark(delay: Duration, options: Partial<WatermarkDefinition> = {}): Stream<Value, Key> {
    const { moves = "everyRecord", policy = "min", emptyBatch = true } = options;
    return this.#then("watermark", { kind: "watermark", delayMs: durationMs(delay), moves, policy, emptyBatch });
  }

  /** All records in one partition: for what is over all of them, such as a sum of everything or a sorted whole. */
  coalesce(): Stream<Value, Key> {
    return this.repartition({ partitions: 1 });
  }

  /**
   * Runs a processor: code with state and timers of its own for each key. It sends `{ value }`, under the key of what
   * caused it, or with a `key` and `timestampMs` of its own. `initialState` is a table: a key's row there is given to
   * `initial` when nothing else has come for the key.
   *
   * @example
   * import { pipeline, valueState } from "../sdk/streams/index.ts";
   *
   * interface Click { readonly page: string }
   *
   * pipeline("silence", ({ stream }) =>
   *   stream<Click>("clicks")
   *     .process({
   *       state: { last: valueState<number>() },
   *       record(click, user, { state, timers, timestampMs }) {
   *         const before = state.last.get();
   *         if (before !== undefined) timers.clear(before + 60_000);
   *         state.last.set(timestampMs);
   *         timers.set(timestampMs + 60_000);
   *       },
   *       timer(timer, user, { state }) {
   *         state.last.clear();
   *         return [{ key: "silent", value: { user, since: timer.dueMs - 60_000 } }];
   *       },
   *     })
   *     .to("silent-users"),
   * );
   */
  process<Result, const Declared extends States, Initial = never>(
    this: Stream<Value, string | null>,
    processor: Processor<Value, Emitted<Result>, Declared, Initial>,
    options: ProcessOptions<Initial> = {},
  ): Stream<Result> {
    return this.#process("process", processor as unknown as Untyped, { ...rowsOf(options), keepsKey: false });
  }

  /** As `process`, and what it sends are values, under the key of what caused them: state behind it needs no internal topic. */
  processValues<Result, const Declared extends States, Initial = never>(
    this: Stream<Value, string | null>,
    processor: Processor<Value, Result, Declared, Initial>,
    options: ProcessOptions<Initial> = {},
  ): Stream<Result, string | null> {
    const { record, timer, initial, state } = processor as unknown as Untyped;
    const wrapped = {
      state,
      record: valuesOf(record),
      timer: timer && valuesOf(timer),
      initial: initial && valuesOf(initial),
    };
    return this.#process("processValues", wrapped as Untyped, { ...rowsOf(options), keepsKey: true });
  }

  /**
   * One record for each sequence found in the records of a key, with the time of its last record: what `select` makes of
   * the records that each step took. See `sequence`.
   */
  match<Names extends string, Result>(
    this: Stream<Value, string | null>,
    pattern: Sequence<Value, Names>,
    options: MatchOptions<Value, Names, Result>,
  ): Stream<Result, string | null> {
    const store = storeOf(options, this.#graph.nextName("match"));
    const { steps, withinMs } = pattern;
    const select = options.select as PatternNode["select"];
    const node = { kind: "pattern", store, steps, withinMs, skip: options.skip ?? "pastLast" } as const;
    return this.#then("match", { ...node, select });
  }

  /** The records of both streams as they come, also of different topics: those then go through one internal topic. */
  merge<OtherValue, OtherKey extends PlanKey>(
    other: Stream<OtherValue, OtherKey>,
  ): Stream<Value | OtherValue, Key | OtherKey> {
    const inputs = [this.#node, this.#graph.ownNode(other.#graph, other.#node)];
    return new Stream(this.#graph, this.#graph.add("merge", { kind: "merge", inputs }));
  }

  /**
   * One record for each pair of records of the two streams with the same key and matching times, with the joiner's value
   * and the later of the two times. Records without a key or a value are dropped and counted. A stream may be joined with
   * itself.
   *
   * @example
   * import { pipeline, within } from "../sdk/streams/index.ts";
   *
   * pipeline("paid", ({ stream }) =>
   *   stream<{ amount: number }>("orders")
   *     .join(
   *       stream<{ paid: number }>("payments"),
   *       (order, payment) => order.amount - payment.paid,
   *       within("1 hour", { grace: "10 minutes" }),
   *     )
   *     .to("open-amounts"),
   * );
   */
  // oxlint-disable-next-line max-params -- `this` is no parameter
  join<Other, Result>(
    this: Stream<Value, string | null>,
    other: Stream<Other, string | null>,
    joiner: (left: Present<Value>, right: Present<Other>, key: string) => Result,
    how: JoinWindows | Unbounded | StreamJoinOptions<Present<Value>, Present<Other>>,
  ): Stream<Result, string>;
  /**
   * Each record of this stream with the row of its key in the table, at the record's time. The row is the one that is there
   * when the record is processed; in a versioned table the one that was there at the record's time. A record without a row
   * goes no further; one without a key or a value is dropped and counted. Changes of the table bring nothing.
   *
   * @example
   * import { pipeline } from "../sdk/streams/index.ts";
   *
   * pipeline("priced", ({ stream, table }) => {
   *   const prices = table<{ euros: number }>("prices", { versioned: { historyRetention: "1 day" } });
   *   stream<{ count: number }>("orders")
   *     .join(prices, (order, price) => order.count * price.euros, { grace: "1 minute" })
   *     .to("order-totals");
   * });
   */
  // oxlint-disable-next-line max-params -- `this` is no parameter
  join<Row, Result>(
    this: Stream<Value, string | null>,
    table: Table<Row, string>,
    joiner: (value: Present<Value>, row: Present<Row>, key: string) => Result,
    options?: StreamTableJoinOptions,
  ): Stream<Result, string>;
  /**
   * Each record of this stream, under its own key and at its own time, with the row of the global table that `key` names.
   * A record that names no row, or one that is not there, goes no further.
   *
   * @example
   * import { pipeline } from "../sdk/streams/index.ts";
   *
   * pipeline("in-euros", ({ stream, globalTable }) =>
   *   stream<{ amount: number; currency: string }>("orders")
   *     .join(globalTable<number>("rates"), (order, rate) => order.amount * rate, { key: (order) => order.currency })
   *     .to("orders-in-euros"),
   * );
   */
  join<Row, Result>(
    table: GlobalTable<Row>,
    joiner: (value: Present<Value>, row: Present<Row>, key: Key) => Result,
    options: GlobalJoinOptions<Present<Value>, Key>,
  ): Stream<Result, Key>;
  join(other: Joinable, joiner: AnyJoiner, how: object = {}): Stream<never, never> {
    return this.#joinedWith("join", other, { join: "inner", joiner, how });
  }

  /**
   * As `join`, and each record of this stream that matches none comes out once, with null for the other: with a stream when
   * its window has closed, with a table at once, without a key at once.
   */
  // oxlint-disable-next-line max-params -- `this` is no parameter
  leftJoin<Other, Result>(
    this: Stream<Value, string | null>,
    other: Stream<Other, string | null>,
    joiner: (left: Present<Value>, right: Present<Other> | null, key: string | null) => Result,
    how: JoinWindows | OuterJoinOptions<Present<Value>, Present<Other>>,
  ): Stream<Result>;
  // oxlint-disable-next-line max-params -- `this` is no parameter
  leftJoin<Row, Result>(
    this: Stream<Value, string | null>,
    table: Table<Row, string>,
    joiner: (value: Present<Value>, row: Present<Row> | null, key: string | null) => Result,
    options?: StreamTableJoinOptions,
  ): Stream<Result>;
  leftJoin<Row, Result>(
    table: GlobalTable<Row>,
    joiner: (value: Present<Value>, row: Present<Row> | null, key: Key) => Result,
    options: GlobalJoinOptions<Present<Value>, Key>,
  ): Stream<Result, Key>;
  leftJoin(other: Joinable, joiner: AnyJoiner, how: object = {}): Stream<never, never> {
    return this.#joinedWith("leftJoin", other, { join: "left", joiner, how });
  }

  /** As `leftJoin` with the streams the other way round: each record of the other stream comes out. */
  // oxlint-disable-next-line max-params -- `this` is no parameter
  rightJoin<Other, Result>(
    this: Stream<Value, string | null>,
    other: Stream<Other, string | null>,
    joiner: (left: Present<Value> | null, right: Present<Other>, key: string | null) => Result,
    how: JoinWindows | OuterJoinOptions<Present<Value>, Present<Other>>,
  ): Stream<Result> {
    const mirrored = mirroredOptions<Present<Value>, Present<Other>>(how);
    return other.#joined("rightJoin", this, {
      join: "left",
      joiner: (right: Present<Other>, left: Present<Value> | null, key: string | null) => joiner(left, right, key),
      ...mirrored,
    });
  }

  /** As `join`, and each record of either stream that matches none comes out once, with null for the other. */
  // oxlint-disable-next-line max-params -- `this` is no parameter
  outerJoin<Other, Result>(
    this: Stream<Value, string | null>,
    other: Stream<Other, string | null>,
    joiner: (left: Present<Value> | null, right: Present<Other> | null, key: string | null) => Result,
    how: JoinWindows | OuterJoinOptions<Present<Value>, Present<Other>>,
  ): Stream<Result> {
    return this.#joined("outerJoin", other, { join: "outer", joiner, ...joinOptions(how) });
  }

  /**
   * Records of this stream, unchanged and each once, that match one of the other: when the first match is there, with the
   * later of the two times (Spark's left semi join).
   *
   * @example
   * import { pipeline, within } from "../sdk/streams/index.ts";
   *
   * pipeline("read-mails", ({ stream }) =>
   *   stream("mails").semiJoin(stream("openings"), within("7 days", { grace: 0 })).to("read-mails"),
   * );
   */
  semiJoin<Other>(
    this: Stream<Value, string | null>,
    other: Stream<Other, string | null>,
    how: JoinWindows | Unbounded | StreamJoinOptions<Present<Value>, Present<Other>>,
  ): Stream<Present<Value>, string> {
    return this.#joined("semiJoin", other, { join: "semi", ...joinOptions(how) });
  }

  /**
   * Places the records by their key again, in an internal topic of so many partitions (as many as before unless given).
   * What keeps state by a changed key does this by itself; called, it sets the number of partitions.
   */
  repartition(options: { readonly partitions?: number } = {}): Stream<Value, Key> {
    return this.#then("repartition", { kind: "repartition", partitions: options.partitions });
  }

  /** Groups by a key that the selector gives: short for `.selectKey(selector).groupByKey()`. */
  groupBy(selector: (value: Value, key: Key, context: RecordContext) => string | null): GroupedStream<Value> {
    return this.selectKey(selector).groupByKey();
  }

  /** Records of one key together, to be counted, reduced or aggregated. Records without a key are dropped and counted. */
  groupByKey(this: Stream<Value, string | null>): GroupedStream<Value> {
    return new GroupedStream(placeAt(this.#graph, this.#node));
  }

  /** The last value of each key, kept in a store. A null value removes its key. */
  toTable(this: Stream<Value, string | null>, options: TableOptions = {}): Table<Value, string> {
    const table = tableOf(options, this.#graph.nextName("toTable"));
    return tableAt(this.#graph, this.#graph.add("toTable", { ...table, inputs: [this.#node] }));
  }

  /**
   * Sends the records to a topic as JSON, or to what `topic`, `d1` and `r2` name. Window keys are written as Kafka's
   * TimeWindowedSerializer does: the key, then the window's start as 8 bytes, big-endian.
   */
  to(sink: string | SinkFor<Value, Key>): void {
    const target = typeof sink === "string" ? topic(sink) : sink;
    this.#graph.add("sink", { kind: "sink", sink: target.sink, inputs: [this.#node] });
  }

  #process<Next, NextKey extends PlanKey>(
    word: string,
    { state, record, timer, initial }: Untyped,
    options: { readonly rows: Stream<unknown, string> | undefined; readonly keepsKey: boolean } & KeyValueStoreOptions,
  ): Stream<Next, NextKey> {
    const { rows, keepsKey } = options;
    if ((initial === undefined) !== (rows === undefined)) {
      throw new Error(`${word} needs both or none: the function "initial" and the option "initialState", a table.`);
    }
    const store = storeOf(options, this.#graph.nextName(word));
    const states = Object.fromEntries(Object.entries(state).map(([name, { definition }]) => [name, definition]));
    for (const name of Object.keys(states)) checkName("store", name);
    const inputs = rows === undefined ? [this.#node] : [this.#node, this.#graph.ownNode(rows.#graph, rows.#node)];
    const node = { kind: "process", store, states, keepsKey, record, timer, initial, inputs } as const;
    return new Stream(this.#graph, this.#graph.add(word, node));
  }

  /** With a stream or a table: the overloads say what goes with which. */
  #joinedWith<Next, NextKey extends PlanKey>(
    word: string,
    other: Joinable,
    { how, ...given }: { readonly how: object; readonly join: "inner" | "left"; readonly joiner: AnyJoiner },
  ): Stream<Next, NextKey> {
    if (other instanceof Stream) return this.#joined(word, other, { ...given, ...joinOptions(how as JoinWindows) });
    if (other instanceof GlobalTable) {
      const inputs = [this.#node, other.nodeIn(this.#graph)] as const;
      return new Stream(this.#graph, this.#graph.add(word, { ...globalJoinOf({ ...given, ...how }), inputs }));
    }
    const rows = other.toStream();
    const inputs = [this.#node, this.#graph.ownNode(rows.#graph, rows.#node)] as const;
    const node = streamTableJoinOf({ ...given, ...how }, this.#graph.nextName(word));
    return new Stream(this.#graph, this.#graph.add(word, { ...node, inputs }));
  }

  #joined<Next, NextKey extends PlanKey>(
    word: string,
    other: Stream<unknown, PlanKey>,
    given: GivenJoin,
  ): Stream<Next, NextKey> {
    const inputs = [this.#node, this.#graph.ownNode(other.#graph, other.#node)] as const;
    const node = streamJoinOf(given, this.#graph.nextName(word));
    return new Stream(this.#graph, this.#graph.add(word, { ...node, inputs }));
  }

  #then<Next, NextKey extends PlanKey>(
    word: string,
    node: Unplaced<
      | FilterNode
      | MapNode
      | MapValuesNode
      | FlatMapNode
      | FlatMapValuesNode
      | PatternNode
      | PeekNode
      | ForeachNode
      | SplitNode
      | BatchSqlNode
      | ForEachBatchNode
      | MapBatchNode
      | UnwindowNode
      | WatermarkNode
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
  return new Table(placeAt(graph, node));
}

function placeAt(graph: Graph, node: string): TablePlace {
  return { graph, node, streamAt: (at) => new Stream(graph, at) };
}

function rowsOf<Initial>({ store, initialState }: ProcessOptions<Initial>): {
  readonly store: string | undefined;
  readonly rows: Stream<unknown, string> | undefined;
} {
  return { store, rows: initialState?.toStream() };
}

/** The function of `processValues` as one of `process`. */
function valuesOf<Item>(handler: ProcessFunction<Item>): ProcessFunction<Item> {
  return (item, key, context) => {
    const values = handler(item, key, context);
    // What is no list is refused by the operator, which knows its name.
    if (typeof values !== "object" || values === null || !(Symbol.iterator in values)) return values;
    return [...values].map((value) => ({ value }));
  };
}
