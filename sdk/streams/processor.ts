import type { RecordContext } from "../../schema/plan.ts";
import type { StateDefinition } from "../../schema/processor-functions.ts";
import { type Duration, durationMs } from "./duration.ts";

/**
 * One value for each key. What `get` gives is a copy: change it and `set` it.
 *
 * @example
 * import type { ValueState } from "../sdk/streams/index.ts";
 *
 * const increment = (count: ValueState<number>): void => count.set((count.get() ?? 0) + 1);
 */
export interface ValueState<Value> {
  /** `undefined` where there is none, or its time to live is over. */
  get(): Value | undefined;
  set(value: Value): void;
  clear(): void;
}

/**
 * Values of a key, one after another.
 *
 * @example
 * import type { ListState } from "../sdk/streams/index.ts";
 *
 * const remember = (pages: ListState<string>, page: string): void => pages.append(page);
 */
export interface ListState<Value> {
  get(): Value[];
  append(value: Value): void;
  clear(): void;
}

/**
 * Values of a key under names of their own. Each is read and written alone.
 *
 * @example
 * import type { MapState } from "../sdk/streams/index.ts";
 *
 * const add = (totals: MapState<number>, day: string): void => totals.set(day, (totals.get(day) ?? 0) + 1);
 */
export interface MapState<Value> {
  get(name: string): Value | undefined;
  has(name: string): boolean;
  set(name: string, value: Value): void;
  delete(name: string): void;
  /** In order of the names as UTF-8. */
  entries(): [name: string, value: Value][];
  clear(): void;
}

/**
 * A state of a processor: its kind, the type of its values, and how long they live.
 *
 * @example
 * import { type State, type ValueState, valueState } from "../sdk/streams/index.ts";
 *
 * const total: State<ValueState<number>> = valueState<number>();
 */
export interface State<Handle> {
  readonly definition: StateDefinition;
  /** Only a type: what the processor is handed. */
  readonly handle?: Handle;
}

/**
 * `ttl`: how long after it was written, by the largest record time seen, a value is there. For ever unless given.
 *
 * @example
 * import { type StateOptions, valueState } from "../sdk/streams/index.ts";
 *
 * const aDay: StateOptions = { ttl: "1 day" };
 * const lastSeen = valueState<number>(aDay);
 */
export interface StateOptions {
  readonly ttl?: Duration;
}

/**
 * A state with one value for each key. Values are kept as JSON.
 *
 * @example
 * import { valueState } from "../sdk/streams/index.ts";
 *
 * const lastSeen = valueState<number>({ ttl: "1 day" });
 */
export function valueState<Value>(options: StateOptions = {}): State<ValueState<Value>> {
  return stateOf("value", options);
}

/**
 * A state with a list for each key; appending does not read it.
 *
 * @example
 * import { listState } from "../sdk/streams/index.ts";
 *
 * const recent = listState<{ page: string }>({ ttl: "1 hour" });
 */
export function listState<Value>(options: StateOptions = {}): State<ListState<Value>> {
  return stateOf("list", options);
}

/**
 * A state with named values for each key, each with a time to live of its own.
 *
 * @example
 * import { mapState } from "../sdk/streams/index.ts";
 *
 * const totalsByDay = mapState<number>({ ttl: "30 days" });
 */
export function mapState<Value>(options: StateOptions = {}): State<MapState<Value>> {
  return stateOf("map", options);
}

function stateOf<Handle>(kind: StateDefinition["kind"], { ttl }: StateOptions): State<Handle> {
  const ttlMs = ttl === undefined ? undefined : durationMs(ttl);
  if (ttlMs === 0)
    throw new Error("A state with a time to live of 0 would never be there. Leave ttl out, or give a longer one.");
  return { definition: { kind, ttlMs } };
}

export type States = { readonly [name: string]: State<unknown> };

/** The handles of the states that a processor declares, for the key at work. */
type Handles<Declared extends States> = {
  readonly [Name in keyof Declared]: Declared[Name] extends State<infer Handle> ? Handle : never;
};

/**
 * What a processor is given besides a record or a timer. Good for as long as the call lasts.
 *
 * @example
 * import { type ProcessorContext, type State, type ValueState } from "../sdk/streams/index.ts";
 *
 * type Context = ProcessorContext<{ count: State<ValueState<number>> }>;
 * const isNew = ({ state }: Context): boolean => state.count.get() === undefined;
 */
export interface ProcessorContext<Declared extends States> extends RecordContext {
  readonly state: Handles<Declared>;
  /** The largest record time that came to this processor, the current record included, ms. */
  readonly streamTimeMs: number;
  /**
   * Timers of this key, in event time: one fires when the time of a record, of any key, reaches it, before that record is
   * processed, or, with the option `closeWhenIdle`, when nothing comes. Setting one that is set changes nothing; the name tells timers of one time apart.
   */
  readonly timers: {
    set(dueMs: number, name?: string): void;
    clear(dueMs: number, name?: string): void;
  };
  /** The clock on the wall, in a processor that has a `wallClockTimer`. */
  readonly wallClock: WallClock;
}

/**
 * The clock on the wall, and timers of this key by it, for what event time cannot say because nothing may come. A timer
 * fires when that clock has reached it, at most about 100 ms late where the task runs at all; those that come due together
 * fire in order of time, then key. Like what `nowMs` gives, which is the time of the slice of records at work, it is
 * journaled: a replay sees the same.
 *
 * A timer set for a time that has come fires once with the next look at the clock. After an outage one that should have
 * fired often fires once: set the next for `nowMs` and some more, not for `dueMs` and some more.
 *
 * @example
 * import { pipeline, valueState, type WallClock } from "../sdk/streams/index.ts";
 *
 * const inAMinute = (clock: WallClock): void => clock.set(clock.nowMs + 60_000, "flush");
 *
 * pipeline("last-of-each-minute", ({ stream }) =>
 *   stream<number>("readings")
 *     .processValues({
 *       state: { last: valueState<number>() },
 *       record(reading, key, { state, wallClock }) {
 *         if (state.last.get() === undefined) inAMinute(wallClock);
 *         state.last.set(reading);
 *       },
 *       wallClockTimer(timer, key, { state }) {
 *         const last = state.last.get();
 *         state.last.clear();
 *         return last === undefined ? [] : [last];
 *       },
 *     })
 *     .to("readings-by-the-minute"),
 * );
 */
export interface WallClock {
  /** ms since epoch. */
  readonly nowMs: number;
  /** Setting one that is set changes nothing; the name tells timers of one time apart. */
  set(dueMs: number, name?: string): void;
  clear(dueMs: number, name?: string): void;
}

/**
 * A result of a processor: with the key and the time of what caused it unless it says otherwise.
 *
 * @example
 * import type { Emitted } from "../sdk/streams/index.ts";
 *
 * const alert: Emitted<string> = { key: "alerts", value: "too hot" };
 */
export interface Emitted<Result> {
  readonly value: Result;
  readonly key?: string | null | undefined;
  /** ms since epoch. */
  readonly timestampMs?: number | undefined;
}

type Handler<Item, Out, Declared extends States> = (
  item: Item,
  key: string,
  context: ProcessorContext<Declared>,
) => Iterable<Out> | undefined | void;

/**
 * Code that is called with each record of a key, with state and timers of its own for each key: Kafka's Processor API and
 * Spark's `transformWithState` in one. What the functions return, or yield, is sent on. All that a call does is taken back
 * when it throws; the record, or the timer, is then a dead letter.
 *
 * @example
 * import { type Processor, type State, type ValueState, valueState } from "../sdk/streams/index.ts";
 *
 * const totals: Processor<number, number, { total: State<ValueState<number>> }> = {
 *   state: { total: valueState<number>() },
 *   *record(amount, key, { state }) {
 *     const total = (state.total.get() ?? 0) + amount;
 *     state.total.set(total);
 *     yield total;
 *   },
 * };
 */
export interface Processor<Value, Out, Declared extends States, Initial = never> {
  readonly state: Declared;
  readonly record: Handler<Value, Out, Declared>;
  readonly timer?: Handler<{ readonly name: string; readonly dueMs: number }, Out, Declared> | undefined;
  /**
   * Called with timers that were set on `wallClock`. What it sends has the largest record time that the task has seen,
   * unless it says otherwise.
   */
  readonly wallClockTimer?: Handler<{ readonly name: string; readonly dueMs: number }, Out, Declared> | undefined;
  /** Called with the row of a key in the table given as `initialState`, when nothing else has come for the key. */
  readonly initial?: Handler<Initial, Out, Declared> | undefined;
}
