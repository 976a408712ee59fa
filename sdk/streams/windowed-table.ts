import type { Windowed } from "../../schema/windows.ts";
import type { Stream } from "./stream.ts";
import type { Place } from "./stream-place.ts";
import { Table } from "./table.ts";

/**
 * A table with a row for each key and window, made by `count`, `reduce` and `aggregate` of a windowed stream. `Input` is
 * what the windows hold.
 *
 * @example
 * import { pipeline, tumbling, type WindowedTable } from "../sdk/streams/index.ts";
 *
 * interface Order { readonly amount: number }
 *
 * pipeline("orders-per-hour", ({ stream }) => {
 *   const counts: WindowedTable<number, Order> = stream<Order>("orders")
 *     .groupByKey()
 *     .windowedBy(tumbling({ size: "1 hour", grace: "5 minutes" }))
 *     .count({ store: "orders-per-hour" });
 *   counts.late().to("late-orders");
 * });
 */
export class WindowedTable<Value, Input> extends Table<Value, Windowed> {
  readonly #place: Place;

  constructor(place: Place) {
    super(place);
    this.#place = place;
  }

  /**
   * The records that came too late for every window that would hold them, as they came: key, value, time and headers,
   * and with headers `millrace.window-start`, `millrace.window-end` (the last window that the record missed; for a
   * session the one it would be part of) and `millrace.stream-time` (the time that had closed it), in ms as text. A record
   * that still went into some of its windows is counted as late and is not among them.
   *
   * @example
   * import { pipeline, tumbling } from "../sdk/streams/index.ts";
   *
   * pipeline("too-late", ({ stream }) =>
   *   stream("orders")
   *     .groupByKey()
   *     .windowedBy(tumbling({ size: "1 hour", grace: "5 minutes" }))
   *     .count()
   *     .late()
   *     .to("late-orders"),
   * );
   */
  late(): Stream<Input, string> {
    const { graph, node, streamAt } = this.#place;
    return streamAt(graph.add("late", { kind: "late", inputs: [node] }));
  }
}
