import type { PlanKey } from "../../schema/plan.ts";
import type { SinkFor } from "./sink.ts";
import type { Stream } from "./stream.ts";

/**
 * The last value of each key, kept in a store that can be read over HTTP. Made by `count`, `reduce`, `aggregate` and
 * `toTable`; the key of a windowed one is `{key, start, end}`.
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
  readonly #changes: Stream<Value, Key>;

  constructor(changes: Stream<Value, Key>) {
    this.#changes = changes;
  }

  /**
   * The table's changes: a record with the new value at each update (per event), or one for each key changed in a
   * micro-batch, with its last value.
   */
  toStream(): Stream<Value, Key> {
    return this.#changes;
  }

  /** Sends the changes: short for `.toStream().to(sink)`. */
  to(sink: string | SinkFor<Value, Key>): void {
    this.#changes.to(sink);
  }
}
