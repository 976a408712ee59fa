import type { AggregateNode } from "../../schema/plan.ts";
import { type Argument, type Given, type ResultOf, sessionFunctions } from "./aggregators/functions.ts";
import { addWindowed, type AddAggregate, COUNT, type Functions, type Windowing } from "./aggregate-functions.ts";
import { type Duration, quietMs } from "./duration.ts";
import type { EmitStrategy } from "./emit.ts";
import type { WindowStoreOptions } from "./store.ts";
import { WindowedTable } from "./windowed-table.ts";

/**
 * A stream grouped by key and session, made by `groupByKey().windowedBy(session(…))`. Its tables have keys
 * `{key, start, end}`, both times of records. A session that grows is another window: the old one goes with a null value
 * (`Gone`), unless results come when sessions have closed.
 *
 * @example
 * import { onClose, pipeline, session } from "../sdk/streams/index.ts";
 *
 * pipeline("visits", ({ stream }) =>
 *   stream<{ page: string }>("clicks")
 *     .groupByKey()
 *     .windowedBy(session({ gap: "30 minutes", grace: "5 minutes" }))
 *     .emit(onClose())
 *     .aggregate(
 *       (): string[] => [],
 *       (pages, click) => [...pages, click.page],
 *       (earlier, later) => [...earlier, ...later],
 *       { store: "pages-per-visit" },
 *     )
 *     .toStream()
 *     .map((pages, visit) => ({ key: visit.key, value: { pages, minutes: (visit.end - visit.start) / 60_000 } }))
 *     .to("visits"),
 * );
 */
export class SessionWindowedStream<Value, Gone extends null = null> {
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
   * import { onClose, pipeline, session } from "../sdk/streams/index.ts";
   *
   * pipeline("final-visits", ({ stream }) =>
   *   stream("clicks")
   *     .groupByKey()
   *     .windowedBy(session({ gap: "30 minutes", grace: "5 minutes" }))
   *     .emit(onClose())
   *     .count()
   *     .to("clicks-per-visit"),
   * );
   */
  emit(strategy: { readonly emit: "onClose" }): SessionWindowedStream<Value, never>;
  emit(strategy: EmitStrategy): SessionWindowedStream<Value>;
  emit(strategy: EmitStrategy): SessionWindowedStream<Value> {
    return new SessionWindowedStream(this.#add, { ...this.#windowing, emit: strategy.emit });
  }

  /**
   * How long no record must come until sessions close without one: see `onClose`.
   *
   * @example
   * import { onClose, pipeline, session } from "../sdk/streams/index.ts";
   *
   * pipeline("prompt-visits", ({ stream }) =>
   *   stream("clicks")
   *     .groupByKey()
   *     .windowedBy(session({ gap: "30 minutes", grace: 0 }))
   *     .emit(onClose())
   *     .closeWhenIdle("5 minutes")
   *     .count()
   *     .to("clicks-per-visit"),
   * );
   */
  closeWhenIdle(quiet: Duration | "never"): SessionWindowedStream<Value, Gone> {
    return new SessionWindowedStream(this.#add, { ...this.#windowing, closeWhenIdleMs: quietMs(quiet) });
  }

  /**
   * How many records.
   *
   * @example
   * import { pipeline, session } from "../sdk/streams/index.ts";
   *
   * pipeline("clicks-per-visit", ({ stream }) =>
   *   stream("clicks")
   *     .groupByKey()
   *     .windowedBy(session({ gap: "30 minutes", grace: "5 minutes" }))
   *     .count({ store: "clicks-per-visit" }),
   * );
   */
  count(options?: WindowStoreOptions): WindowedTable<number | Gone, Value> {
    const merger = (earlier: unknown, later: unknown): number => (earlier as number) + (later as number);
    return this.#aggregate("count", { ...COUNT, merger }, options);
  }

  /**
   * The first value, then what the reducer makes of the aggregate so far and each further value. It also makes one of the
   * aggregates of two sessions that become one, the earlier first.
   *
   * @example
   * import { pipeline, session } from "../sdk/streams/index.ts";
   *
   * pipeline("largest-per-visit", ({ stream }) =>
   *   stream<number>("amounts")
   *     .groupByKey()
   *     .windowedBy(session({ gap: "30 minutes", grace: "5 minutes" }))
   *     .reduce((largest, amount) => Math.max(largest, amount), { store: "largest-per-visit" }),
   * );
   */
  reduce(
    reducer: (aggregate: Value, value: Value, key: string) => Value,
    options?: WindowStoreOptions,
  ): WindowedTable<Value | Gone, Value> {
    const merger = reducer as AggregateNode["merger"];
    return this.#aggregate("reduce", { aggregator: reducer as AggregateNode["aggregator"], merger }, options);
  }

  /**
   * What an aggregator makes of the values, or several under their names, as of `groupByKey().aggregate`. They know how two
   * sessions become one.
   *
   * @example
   * import { collect, pipeline, session } from "../sdk/streams/index.ts";
   *
   * pipeline("pages", ({ stream }) =>
   *   stream<{ page: string }>("clicks")
   *     .groupByKey()
   *     .windowedBy(session({ gap: "30 minutes", grace: "5 minutes" }))
   *     .aggregate({ pages: collect((click) => click.page) }, { store: "pages-per-visit" }),
   * );
   */
  aggregate<Aggregate extends Given<Value>>(
    aggregate: Argument<Value, Aggregate>,
    options?: WindowStoreOptions,
  ): WindowedTable<ResultOf<Aggregate> | Gone, Value>;
  /**
   * The initializer's value, then what the aggregator makes of it and each value, kept as JSON as that of
   * `groupByKey().aggregate`. The merger makes one aggregate of those of two sessions that become one, the earlier first;
   * before the first of them it gets the initializer's value.
   */
  aggregate<Aggregate>(
    initializer: () => Aggregate,
    aggregator: (aggregate: Aggregate, value: Value, key: string) => Aggregate,
    ...rest: [merger: (earlier: Aggregate, later: Aggregate, key: string) => Aggregate, options?: WindowStoreOptions]
  ): WindowedTable<Aggregate | Gone, Value>;
  aggregate(given: Given<Value> | (() => unknown), ...rest: Rest): WindowedTable<unknown, Value> {
    const [second, merger, options] = rest;
    if (typeof given !== "function")
      return this.#aggregate("aggregate", sessionFunctions(given), second as WindowStoreOptions);
    return this.#aggregate("aggregate", { initializer: given, aggregator: second, merger } as Functions, options);
  }

  #aggregate<Result>(
    word: string,
    functions: Functions,
    options: WindowStoreOptions | undefined,
  ): WindowedTable<Result, Value> {
    return new WindowedTable(addWindowed(this.#add, word, { windowing: this.#windowing, functions, options }));
  }
}

type Fold = (aggregate: never, value: never, key: string) => unknown;
/** What `aggregate` is given behind an initializer, or behind aggregators. */
type Rest = readonly [given?: Fold | WindowStoreOptions, merger?: Fold, options?: WindowStoreOptions];
