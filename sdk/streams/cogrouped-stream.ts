import type { AggregateNode } from "../../schema/plan.ts";
import type { NonSessionWindows, Windows } from "../../schema/windows.ts";
import type { Windowing } from "./aggregate-functions.ts";
import { type Duration, quietMs } from "./duration.ts";
import type { EmitStrategy } from "./emit.ts";
import type { GroupedStream } from "./grouped-stream.ts";
import type { SessionWindowsOf } from "./session.ts";
import { type KeyValueStoreOptions, storeOf, type WindowStoreOptions } from "./store.ts";
import type { Place } from "./stream-place.ts";
import { Table } from "./table.ts";
import { WindowedTable } from "./windowed-table.ts";

/** Folds a value of one of the streams into the aggregate of all. */
type Aggregator<Aggregate, Value> = (aggregate: Aggregate, value: Value, key: string) => Aggregate;

/** Streams of one cogroup: where their records come from, and what folds them in. */
export interface CogroupPart {
  readonly place: Place;
  readonly aggregator: AggregateNode["aggregator"];
}

/**
 * Several grouped streams that go into one aggregate a key, begun by `groupByKey().cogroup(…)`: each stream has its own
 * aggregator. Streams of different topics then meet in an internal topic. Null values and keys are dropped and counted, as
 * of one stream.
 *
 * @example
 * import { pipeline } from "../sdk/streams/index.ts";
 *
 * interface Customer { readonly orders: number; readonly returns: number }
 *
 * pipeline("customers", ({ stream }) => {
 *   const orders = stream("orders").groupByKey();
 *   const returns = stream("returns").groupByKey();
 *   orders
 *     .cogroup((customer: Customer) => ({ ...customer, orders: customer.orders + 1 }))
 *     .cogroup(returns, (customer) => ({ ...customer, returns: customer.returns + 1 }))
 *     .aggregate(() => ({ orders: 0, returns: 0 }), { store: "customers" });
 * });
 */
export class CogroupedStream<Aggregate, Value> {
  readonly #parts: readonly CogroupPart[];

  constructor(parts: readonly CogroupPart[]) {
    this.#parts = parts;
  }

  /**
   * One more stream.
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
  cogroup<Other>(
    stream: GroupedStream<Other>,
    aggregator: Aggregator<Aggregate, Other>,
  ): CogroupedStream<Aggregate, Value | Other> {
    const part = stream.cogroup(aggregator).#parts[0] as CogroupPart;
    const [{ place }] = this.#parts as readonly [CogroupPart];
    if (this.#parts.some((each) => each.place.node === place.graph.ownNode(part.place.graph, part.place.node))) {
      throw new Error("A stream is in the cogroup twice. Fold its records in with one aggregator.");
    }
    return new CogroupedStream([...this.#parts, part]);
  }

  /**
   * The initializer's value, then what the aggregators make of it and each value, in the order of arrival; kept as JSON.
   *
   * @example
   * import { pipeline } from "../sdk/streams/index.ts";
   *
   * pipeline("balance", ({ stream }) =>
   *   stream<number>("deposits")
   *     .groupByKey()
   *     .cogroup((balance: number, amount) => balance + amount)
   *     .cogroup(stream<number>("withdrawals").groupByKey(), (balance, amount) => balance - amount)
   *     .aggregate(() => 0, { store: "balance" }),
   * );
   */
  aggregate(initializer: () => Aggregate, options: KeyValueStoreOptions = {}): Table<Aggregate, string> {
    return new Table(addCogroup(this.#parts, { initializer, options }));
  }

  /**
   * Groups by window as well. Time is the largest of all the streams.
   *
   * @example
   * import { pipeline, tumbling } from "../sdk/streams/index.ts";
   *
   * pipeline("hourly-balance", ({ stream }) =>
   *   stream<number>("deposits")
   *     .groupByKey()
   *     .cogroup((balance: number, amount) => balance + amount)
   *     .cogroup(stream<number>("withdrawals").groupByKey(), (balance, amount) => balance - amount)
   *     .windowedBy(tumbling({ size: "1 hour", grace: "1 minute" }))
   *     .aggregate(() => 0),
   * );
   */
  windowedBy(windows: SessionWindowsOf<Value>): SessionCogroupedStream<Aggregate, Value>;
  windowedBy(windows: NonSessionWindows): WindowedCogroupedStream<Aggregate, Value>;
  windowedBy(windows: Windows): WindowedCogroupedStream<Aggregate, Value> | SessionCogroupedStream<Aggregate, Value> {
    return windows.kind === "session"
      ? new SessionCogroupedStream(this.#parts, { windows })
      : new WindowedCogroupedStream(this.#parts, { windows });
  }
}

/**
 * Several streams grouped by key and window, made by `cogroup(…).windowedBy(…)`. Its table has keys `{key, start, end}`.
 *
 * @example
 * import { onClose, pipeline, tumbling } from "../sdk/streams/index.ts";
 *
 * pipeline("clicks-and-views", ({ stream }) =>
 *   stream("clicks")
 *     .groupByKey()
 *     .cogroup(([clicks, views]: readonly [number, number]) => [clicks + 1, views] as const)
 *     .cogroup(stream("views").groupByKey(), ([clicks, views]) => [clicks, views + 1] as const)
 *     .windowedBy(tumbling({ size: "1 minute", grace: "5 seconds" }))
 *     .emit(onClose())
 *     .aggregate(() => [0, 0], { store: "clicks-and-views" })
 *     .to("clicks-and-views"),
 * );
 */
export class WindowedCogroupedStream<Aggregate, Value> {
  readonly #parts: readonly CogroupPart[];
  readonly #windowing: Windowing;

  constructor(parts: readonly CogroupPart[], windowing: Windowing) {
    this.#parts = parts;
    this.#windowing = windowing;
  }

  /**
   * When results go on: `onUpdate()`, as they do unless told, or `onClose()`.
   *
   * @example
   * import { onClose, pipeline, tumbling } from "../sdk/streams/index.ts";
   *
   * pipeline("final-sums", ({ stream }) =>
   *   stream<number>("deposits")
   *     .groupByKey()
   *     .cogroup((sum: number, amount) => sum + amount)
   *     .windowedBy(tumbling({ size: "1 hour", grace: 0 }))
   *     .emit(onClose())
   *     .aggregate(() => 0)
   *     .to("final-sums"),
   * );
   */
  emit(strategy: EmitStrategy): WindowedCogroupedStream<Aggregate, Value> {
    return new WindowedCogroupedStream(this.#parts, { ...this.#windowing, emit: strategy.emit });
  }

  /**
   * How long no record must come until windows close without one: see `onClose`.
   *
   * @example
   * import { onClose, pipeline, tumbling } from "../sdk/streams/index.ts";
   *
   * pipeline("prompt-sums", ({ stream }) =>
   *   stream<number>("deposits")
   *     .groupByKey()
   *     .cogroup((sum: number, amount) => sum + amount)
   *     .windowedBy(tumbling({ size: "1 minute", grace: 0 }))
   *     .emit(onClose())
   *     .closeWhenIdle("10 seconds")
   *     .aggregate(() => 0)
   *     .to("prompt-sums"),
   * );
   */
  closeWhenIdle(quiet: Duration | "never"): WindowedCogroupedStream<Aggregate, Value> {
    return new WindowedCogroupedStream(this.#parts, { ...this.#windowing, closeWhenIdleMs: quietMs(quiet) });
  }

  /**
   * As `aggregate` without windows.
   *
   * @example
   * import { hopping, pipeline } from "../sdk/streams/index.ts";
   *
   * pipeline("last-hour", ({ stream }) =>
   *   stream<number>("deposits")
   *     .groupByKey()
   *     .cogroup((sum: number, amount) => sum + amount)
   *     .windowedBy(hopping({ size: "1 hour", advance: "5 minutes", grace: 0 }))
   *     .aggregate(() => 0, { store: "last-hour" }),
   * );
   */
  aggregate(initializer: () => Aggregate, options: WindowStoreOptions = {}): WindowedTable<Aggregate, Value> {
    return new WindowedTable(addCogroup(this.#parts, { initializer, options, windowing: this.#windowing }));
  }
}

/**
 * Several streams grouped by key and session, made by `cogroup(…).windowedBy(session(…))`. Its table has keys
 * `{key, start, end}`; `Gone` as in `SessionWindowedStream`.
 *
 * @example
 * import { pipeline, session } from "../sdk/streams/index.ts";
 *
 * pipeline("activity", ({ stream }) =>
 *   stream("clicks")
 *     .groupByKey()
 *     .cogroup((actions: number) => actions + 1)
 *     .cogroup(stream("searches").groupByKey(), (actions) => actions + 1)
 *     .windowedBy(session({ gap: "30 minutes", grace: "5 minutes" }))
 *     .aggregate(() => 0, (earlier, later) => earlier + later, { store: "activity" }),
 * );
 */
export class SessionCogroupedStream<Aggregate, Value, Gone extends null = null> {
  readonly #parts: readonly CogroupPart[];
  readonly #windowing: Windowing;

  constructor(parts: readonly CogroupPart[], windowing: Windowing) {
    this.#parts = parts;
    this.#windowing = windowing;
  }

  /**
   * When results go on: `onUpdate()`, as they do unless told, or `onClose()`.
   *
   * @example
   * import { onClose, pipeline, session } from "../sdk/streams/index.ts";
   *
   * pipeline("visits", ({ stream }) =>
   *   stream("views")
   *     .groupByKey()
   *     .cogroup((seen: number) => seen + 1)
   *     .windowedBy(session({ gap: "30 minutes", grace: 0 }))
   *     .emit(onClose())
   *     .aggregate(() => 0, (earlier, later) => earlier + later)
   *     .to("visits"),
   * );
   */
  emit(strategy: { readonly emit: "onClose" }): SessionCogroupedStream<Aggregate, Value, never>;
  emit(strategy: EmitStrategy): SessionCogroupedStream<Aggregate, Value>;
  emit(strategy: EmitStrategy): SessionCogroupedStream<Aggregate, Value> {
    return new SessionCogroupedStream(this.#parts, { ...this.#windowing, emit: strategy.emit });
  }

  /**
   * How long no record must come until sessions close without one: see `onClose`.
   *
   * @example
   * import { onClose, pipeline, session } from "../sdk/streams/index.ts";
   *
   * pipeline("prompt-visits", ({ stream }) =>
   *   stream("views")
   *     .groupByKey()
   *     .cogroup((seen: number) => seen + 1)
   *     .windowedBy(session({ gap: "30 minutes", grace: 0 }))
   *     .emit(onClose())
   *     .closeWhenIdle("5 minutes")
   *     .aggregate(() => 0, (earlier, later) => earlier + later)
   *     .to("prompt-visits"),
   * );
   */
  closeWhenIdle(quiet: Duration | "never"): SessionCogroupedStream<Aggregate, Value, Gone> {
    return new SessionCogroupedStream(this.#parts, { ...this.#windowing, closeWhenIdleMs: quietMs(quiet) });
  }

  /**
   * As `aggregate` without windows; the merger makes one aggregate of those of two sessions, the earlier first.
   *
   * @example
   * import { pipeline, session } from "../sdk/streams/index.ts";
   *
   * pipeline("seen-in-a-visit", ({ stream }) =>
   *   stream("views")
   *     .groupByKey()
   *     .cogroup((seen: number) => seen + 1)
   *     .windowedBy(session({ gap: "30 minutes", grace: 0 }))
   *     .aggregate(() => 0, (earlier, later) => earlier + later, { store: "visits" }),
   * );
   */
  aggregate(
    initializer: () => Aggregate,
    merger: (earlier: Aggregate, later: Aggregate, key: string) => Aggregate,
    options: WindowStoreOptions = {},
  ): WindowedTable<Aggregate | Gone, Value> {
    const functions = { initializer, merger: merger as AggregateNode["merger"] };
    return new WindowedTable(addCogroup(this.#parts, { ...functions, options, windowing: this.#windowing }));
  }
}

function addCogroup(
  parts: readonly CogroupPart[],
  how: Pick<AggregateNode, "initializer" | "merger"> & { options: WindowStoreOptions; windowing?: Windowing },
): Place {
  const [first, ...others] = parts as readonly [CogroupPart, ...CogroupPart[]];
  const { graph } = first.place;
  const node = graph.add("cogroup", {
    kind: "aggregate",
    inputs: parts.map(({ place }) => place.node),
    store: storeOf(how.options, graph.nextName("cogroup")),
    initializer: how.initializer,
    ...(how.merger === undefined ? {} : { merger: how.merger }),
    aggregator: first.aggregator,
    others: others.map(({ aggregator }) => aggregator),
    ...how.windowing,
  });
  return { ...first.place, node };
}
