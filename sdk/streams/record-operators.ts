import type {
  FilterNode,
  FlatMapNode,
  FlatMapValuesNode,
  ForeachNode,
  MapNode,
  MapValuesNode,
  PeekNode,
  PlanKey,
  RecordContext,
  SelectKeyNode,
  UnwindowNode,
} from "../../schema/plan.ts";
import type { Windowed } from "../../schema/windows.ts";
import type { Stream } from "./stream.ts";
import { StreamPlace } from "./stream-place.ts";

/** What a stream does with one record at a time, without state. */
export abstract class RecordOperators<Value, Key extends PlanKey> extends StreamPlace {
  /**
   * Keeps the records for which the predicate is true. A type guard narrows the values.
   *
   * @example
   * import { pipeline } from "../sdk/streams/index.ts";
   *
   * pipeline("late", ({ stream }) =>
   *   stream<{ delay: number }>("flights").filter((flight) => flight.delay > 15).to("late-flights"),
   * );
   */
  filter<Narrow extends Value>(
    predicate: (value: Value, key: Key, context: RecordContext) => value is Narrow,
  ): Stream<Narrow, Key>;
  filter(predicate: (value: Value, key: Key, context: RecordContext) => boolean): Stream<Value, Key>;
  filter(predicate: (value: Value, key: Key, context: RecordContext) => boolean): Stream<Value, Key> {
    return this.added("filter", { kind: "filter", predicate: predicate as FilterNode["predicate"] });
  }

  /**
   * Keeps the records for which the predicate is false.
   *
   * @example
   * import { pipeline } from "../sdk/streams/index.ts";
   *
   * pipeline("punctual", ({ stream }) =>
   *   stream<{ delay: number }>("flights").filterNot((flight) => flight.delay > 15).to("punctual-flights"),
   * );
   */
  filterNot(predicate: (value: Value, key: Key, context: RecordContext) => boolean): Stream<Value, Key> {
    return this.added("filterNot", {
      kind: "filter",
      predicate: (value, key, context) => !predicate(value as Value, key as Key, context),
    });
  }

  /**
   * One record for each record, with a new value and a new key.
   *
   * @example
   * import { pipeline } from "../sdk/streams/index.ts";
   *
   * pipeline("delays", ({ stream }) =>
   *   stream<{ origin: string; delay: number }>("flights")
   *     .map((flight) => ({ key: flight.origin, value: flight.delay }))
   *     .to("delays"),
   * );
   */
  map<Next>(
    mapper: (value: Value, key: Key, context: RecordContext) => { readonly key: string | null; readonly value: Next },
  ): Stream<Next> {
    return this.added("map", { kind: "map", mapper: mapper as MapNode["mapper"] });
  }

  /**
   * One record for each record, with a new value and the same key.
   *
   * @example
   * import { pipeline } from "../sdk/streams/index.ts";
   *
   * pipeline("hours", ({ stream }) =>
   *   stream<{ minutes: number }>("delays").mapValues(({ minutes }) => minutes / 60).to("delays-in-hours"),
   * );
   */
  mapValues<Next>(mapper: (value: Value, key: Key, context: RecordContext) => Next): Stream<Next, Key> {
    return this.added("mapValues", { kind: "mapValues", mapper: mapper as MapValuesNode["mapper"] });
  }

  /**
   * Any number of records for each record.
   *
   * @example
   * import { pipeline } from "../sdk/streams/index.ts";
   *
   * pipeline("items", ({ stream }) =>
   *   stream<{ items: { id: string; count: number }[] }>("orders")
   *     .flatMap((order) => order.items.map(({ id, count }) => ({ key: id, value: count })))
   *     .to("items"),
   * );
   */
  flatMap<Next>(
    mapper: (
      value: Value,
      key: Key,
      context: RecordContext,
    ) => Iterable<{ readonly key: string | null; readonly value: Next }>,
  ): Stream<Next> {
    return this.added("flatMap", { kind: "flatMap", mapper: mapper as FlatMapNode["mapper"] });
  }

  /**
   * Any number of values for each record, under its key.
   *
   * @example
   * import { pipeline } from "../sdk/streams/index.ts";
   *
   * pipeline("words", ({ stream }) =>
   *   stream("lines", { format: "text" }).flatMapValues((line) => line.split(" ")).to("words"),
   * );
   */
  flatMapValues<Next>(mapper: (value: Value, key: Key, context: RecordContext) => Iterable<Next>): Stream<Next, Key> {
    return this.added("flatMapValues", { kind: "flatMapValues", mapper: mapper as FlatMapValuesNode["mapper"] });
  }

  /**
   * The same records under a new key.
   *
   * @example
   * import { pipeline } from "../sdk/streams/index.ts";
   *
   * pipeline("by-customer", ({ stream }) =>
   *   stream<{ customer: string }>("orders").selectKey((order) => order.customer).to("orders-by-customer"),
   * );
   */
  selectKey(selector: (value: Value, key: Key, context: RecordContext) => string | null): Stream<Value> {
    return this.added("selectKey", { kind: "selectKey", selector: selector as SelectKeyNode["selector"] });
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
    return this.added("unwindow", { kind: "unwindow", mapper: mapper as UnwindowNode["mapper"] });
  }

  /**
   * Calls a function with each record and passes it on unchanged: to count or log. It may be called again for a record
   * whose transaction was lost.
   *
   * @example
   * import { pipeline } from "../sdk/streams/index.ts";
   *
   * pipeline("seen", ({ stream }) =>
   *   stream("orders").peek((order, key) => console.log(key, order)).to("orders-copy"),
   * );
   */
  peek(action: (value: Value, key: Key, context: RecordContext) => void): Stream<Value, Key> {
    return this.added("peek", { kind: "peek", action: action as PeekNode["action"] });
  }

  /**
   * As `peek`, at the end of a stream. What must be done once for each record is a sink's work: `to`.
   *
   * @example
   * import { pipeline } from "../sdk/streams/index.ts";
   *
   * pipeline("log", ({ stream }) => stream("orders").foreach((order, key) => console.log(key, order)));
   */
  foreach(action: (value: Value, key: Key, context: RecordContext) => void): void {
    this.added("foreach", { kind: "foreach", action: action as ForeachNode["action"] });
  }
}
