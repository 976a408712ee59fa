import type { DedupNode, PatternNode, PlanKey, ProcessNode, RecordContext } from "../../schema/plan.ts";
import type { ProcessFunction } from "../../schema/processor-functions.ts";
import { type Duration, durationMs, quietMs } from "./duration.ts";
import { checkName, type Graph } from "./graph.ts";
import { GroupedStream } from "./grouped-stream.ts";
import { JoinOperators } from "./join-operators.ts";
import type { Emitted, Processor, States } from "./processor.ts";
import type { Sequence } from "./sequence.ts";
import { type KeyValueStoreOptions, storeOf, tableOf, type TableOptions } from "./store.ts";
import { Table } from "./table.ts";

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
  /**
   * How long no record must come until event time goes on without one, at the pace of the clock, so that timers fire:
   * "never" unless told. What comes afterwards is older than the time that the processor has seen. A timer that always sets
   * the next keeps the task at work for ever.
   */
  readonly closeWhenIdle?: Duration | "never" | undefined;
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
type Untyped = Pick<ProcessNode, "record" | "timer" | "wallClockTimer" | "initial"> & { readonly state: States };

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
export class Stream<Value, Key extends PlanKey = string | null> extends JoinOperators<Value, Key> {
  /** Streams come from `stream(topic)` inside `pipeline()`. */
  constructor(graph: Graph, node: string) {
    super({ graph, node, streamAt: (at) => new Stream(graph, at) });
  }

  /**
   * The first record of each key within a time; later ones of the key, and earlier ones that come later, within that time
   * of it are dropped and counted. With `id` the first of each id of a key. Times are those of the records. What is behind
   * the largest time seen by more than `within` may be a repetition and is dropped too, counted as late: nothing comes
   * out twice. Behind a watermark that moves by micro-batches an id is remembered until that has reached the time of the
   * first and `within` (Spark's dropDuplicatesWithinWatermark).
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
    const store = storeOf(options, this.place.graph.nextName("dedup"));
    const id = options.id as DedupNode["id"];
    return this.added("dedup", { kind: "dedup", store, withinMs: durationMs(options.within), id });
  }

  /**
   * Runs a processor: code with state and timers of its own for each key. It sends `{ value }`, under the key of what
   * caused it, or with a `key` and `timestampMs` of its own. `initialState` is a table: a key's row there is given to
   * `initial` when nothing else has come for the key. Timers fire when records bring the time, and where nothing comes with
   * `closeWhenIdle`: here a user who is the last of all is noticed a minute later, and without it with the next click.
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
   *     }, { closeWhenIdle: "30 seconds" })
   *     .to("silent-users"),
   * );
   */
  process<Result, const Declared extends States, Initial = never>(
    this: Stream<Value, string | null>,
    processor: Processor<Value, Emitted<Result>, Declared, Initial>,
    options: ProcessOptions<Initial> = {},
  ): Stream<Result> {
    return this.#process("process", processor as unknown as Untyped, { ...optionsOf(options), keepsKey: false });
  }

  /**
   * As `process`, and what it sends are values, under the key of what caused them: state behind it needs no internal topic.
   *
   * @example
   * import { pipeline, valueState } from "../sdk/streams/index.ts";
   *
   * pipeline("running-totals", ({ stream }) =>
   *   stream<number>("amounts")
   *     .processValues({
   *       state: { total: valueState<number>() },
   *       record(amount, _key, { state }) {
   *         const total = (state.total.get() ?? 0) + amount;
   *         state.total.set(total);
   *         return [total];
   *       },
   *     })
   *     .to("running-totals"),
   * );
   */
  processValues<Result, const Declared extends States, Initial = never>(
    this: Stream<Value, string | null>,
    processor: Processor<Value, Result, Declared, Initial>,
    options: ProcessOptions<Initial> = {},
  ): Stream<Result, string | null> {
    const { record, timer, wallClockTimer, initial, state } = processor as unknown as Untyped;
    const wrapped = {
      state,
      record: valuesOf(record),
      timer: timer && valuesOf(timer),
      wallClockTimer: wallClockTimer && valuesOf(wallClockTimer),
      initial: initial && valuesOf(initial),
    };
    return this.#process("processValues", wrapped as Untyped, { ...optionsOf(options), keepsKey: true });
  }

  /**
   * One record for each sequence found in the records of a key, with the time of its last record: what `select` makes of
   * the records that each step took. See `sequence`.
   *
   * @example
   * import { pipeline, sequence } from "../sdk/streams/index.ts";
   *
   * pipeline("overheating", ({ stream }) =>
   *   stream<number>("degrees")
   *     .match(
   *       sequence<number>("10 minutes")
   *         .first("normal", (degrees) => degrees < 70)
   *         .later("hot", (degrees) => degrees > 90),
   *       { select: ({ normal, hot }) => ({ from: normal[0], to: hot[0] }) },
   *     )
   *     .to("overheating"),
   * );
   */
  match<Names extends string, Result>(
    this: Stream<Value, string | null>,
    pattern: Sequence<Value, Names>,
    options: MatchOptions<Value, Names, Result>,
  ): Stream<Result, string | null> {
    const store = storeOf(options, this.place.graph.nextName("match"));
    const { steps, withinMs } = pattern;
    const select = options.select as PatternNode["select"];
    const node = { kind: "pattern", store, steps, withinMs, skip: options.skip ?? "pastLast" } as const;
    return this.added("match", { ...node, select });
  }

  /**
   * Groups by a key that the selector gives: short for `.selectKey(selector).groupByKey()`.
   *
   * @example
   * import { pipeline } from "../sdk/streams/index.ts";
   *
   * pipeline("per-customer", ({ stream }) =>
   *   stream<{ customer: string }>("orders")
   *     .groupBy((order) => order.customer)
   *     .count({ store: "orders-per-customer" }),
   * );
   */
  groupBy(selector: (value: Value, key: Key, context: RecordContext) => string | null): GroupedStream<Value> {
    return this.selectKey(selector).groupByKey();
  }

  /**
   * Records of one key together, to be counted, reduced or aggregated. Records without a key are dropped and counted.
   *
   * @example
   * import { pipeline } from "../sdk/streams/index.ts";
   *
   * pipeline("per-key", ({ stream }) => stream("orders").groupByKey().count({ store: "orders-per-key" }));
   */
  groupByKey(this: Stream<Value, string | null>): GroupedStream<Value> {
    return new GroupedStream(this.place);
  }

  /**
   * The last value of each key, kept in a store. A null value removes its key.
   *
   * @example
   * import { pipeline } from "../sdk/streams/index.ts";
   *
   * pipeline("latest", ({ stream }) =>
   *   stream<{ id: string }>("readings").selectKey((reading) => reading.id).toTable({ store: "latest-readings" }),
   * );
   */
  toTable(this: Stream<Value, string | null>, options: TableOptions = {}): Table<Value, string> {
    const { graph, node } = this.place;
    const table = tableOf(options, graph.nextName("toTable"));
    return new Table({ ...this.place, node: graph.add("toTable", { ...table, inputs: [node] }) });
  }

  #process<Next, NextKey extends PlanKey>(
    word: string,
    { state, ...functions }: Untyped,
    options: UntypedOptions & { readonly keepsKey: boolean },
  ): Stream<Next, NextKey> {
    const { rows, keepsKey, closeWhenIdleMs } = options;
    if ((functions.initial === undefined) !== (rows === undefined)) {
      throw new Error(`${word} needs both or none: the function "initial" and the option "initialState", a table.`);
    }
    const { graph, node: input, streamAt } = this.place;
    const store = storeOf(options, graph.nextName(word));
    const states = Object.fromEntries(Object.entries(state).map(([name, { definition }]) => [name, definition]));
    for (const name of Object.keys(states)) checkName("store", name);
    const inputs = rows === undefined ? [input] : this.with(rows);
    const { record, timer, wallClockTimer, initial } = functions;
    const called = { record, timer, wallClockTimer, initial };
    return streamAt(graph.add(word, { kind: "process", store, states, keepsKey, ...called, closeWhenIdleMs, inputs }));
  }
}

/** The table whose changes a node makes. */
export function tableAt<Value, Key extends PlanKey>(graph: Graph, node: string): Table<Value, Key> {
  return new Table({ graph, node, streamAt: (at) => new Stream(graph, at) });
}

interface UntypedOptions extends KeyValueStoreOptions {
  readonly rows: Stream<unknown, string> | undefined;
  readonly closeWhenIdleMs: number | undefined;
}

function optionsOf<Initial>({ store, initialState, closeWhenIdle }: ProcessOptions<Initial>): UntypedOptions {
  const closeWhenIdleMs = closeWhenIdle === undefined ? undefined : quietMs(closeWhenIdle);
  return { store, rows: initialState?.toStream(), closeWhenIdleMs };
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
