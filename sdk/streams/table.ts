import type { PlanKey, RecordContext } from "../../schema/plan.ts";
import type { Graph } from "./graph.ts";
import type { SinkFor } from "./sink.ts";
import type { Stream } from "./stream.ts";

/** A node that makes changes of a table, and how a stream begins at a node. */
export interface TablePlace {
  readonly graph: Graph;
  readonly node: string;
  readonly streamAt: <Value, Key extends PlanKey>(node: string) => Stream<Value, Key>;
}

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
  readonly #place: TablePlace;

  /** Tables come from `table(topic)` inside `pipeline()`, and from streams and tables. */
  constructor(place: TablePlace) {
    this.#place = place;
  }

  /**
   * The table's changes: a record with the new value at each update (per event), or one for each key changed in a
   * micro-batch, with its last value. A row that goes is a null value. With a selector under another key.
   */
  toStream(): Stream<Value, Key>;
  toStream(selector: (value: Value, key: Key, context: RecordContext) => string | null): Stream<Value, string | null>;
  toStream(
    selector?: (value: Value, key: Key, context: RecordContext) => string | null,
  ): Stream<Value, Key> | Stream<Value, string | null> {
    const changes = this.#place.streamAt<Value, Key>(this.#place.node);
    return selector === undefined ? changes : changes.selectKey(selector);
  }

  /** Sends the changes: short for `.toStream().to(sink)`. */
  to(sink: string | SinkFor<Value, Key>): void {
    this.toStream().to(sink);
  }
}
