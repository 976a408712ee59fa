import type { PlanKey, RecordContext, SplitNode, WatermarkDefinition } from "../../schema/plan.ts";
import { type Duration, durationMs } from "./duration.ts";
import { RecordOperators } from "./record-operators.ts";
import { type SinkFor, topic } from "./sink.ts";
import type { Stream } from "./stream.ts";

/** Where the records of a stream go, and what time they set. */
export abstract class FlowOperators<Value, Key extends PlanKey> extends RecordOperators<Value, Key> {
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
    const split = this.added("split", { kind: "split", predicates: predicates as SplitNode["predicates"] });
    const streams = names.map((name, branch) => [name, split.added("branch", { kind: "branch", branch })]);
    return Object.fromEntries(streams) as { readonly [name in Branch]: Stream<Value, Key> };
  }

  /**
   * The records of both streams as they come, also of different topics: those then go through one internal topic.
   *
   * @example
   * import { pipeline } from "../sdk/streams/index.ts";
   *
   * pipeline("all-orders", ({ stream }) =>
   *   stream<{ amount: number }>("web-orders").merge(stream<{ amount: number }>("shop-orders")).to("all-orders"),
   * );
   */
  merge<OtherValue, OtherKey extends PlanKey>(
    other: Stream<OtherValue, OtherKey>,
  ): Stream<Value | OtherValue, Key | OtherKey> {
    const { graph, streamAt } = this.place;
    return streamAt(graph.add("merge", { kind: "merge", inputs: this.with(other) }));
  }

  /**
   * Places the records by their key again, in an internal topic of so many partitions (as many as before unless given).
   * What keeps state by a changed key does this by itself; called, it sets the number of partitions.
   *
   * @example
   * import { pipeline } from "../sdk/streams/index.ts";
   *
   * pipeline("by-customer", ({ stream }) =>
   *   stream<{ customer: string }>("orders")
   *     .selectKey((order) => order.customer)
   *     .repartition({ partitions: 8 })
   *     .groupByKey()
   *     .count({ store: "orders-per-customer" }),
   * );
   */
  repartition(options: { readonly partitions?: number } = {}): Stream<Value, Key> {
    return this.added("repartition", { kind: "repartition", partitions: options.partitions });
  }

  /**
   * All records in one partition: for what is over all of them, such as a sum of everything or a sorted whole.
   *
   * @example
   * import { every, pipeline } from "../sdk/streams/index.ts";
   *
   * pipeline("batch-sizes", ({ stream }) =>
   *   stream("orders")
   *     .coalesce()
   *     .mapBatch((orders) => [{ value: { orders: orders.length } }])
   *     .to("batch-sizes"),
   * ).trigger(every("10 seconds"));
   */
  coalesce(): Stream<Value, Key> {
    return this.repartition({ partitions: 1 });
  }

  /**
   * Sets the time of all stateful operators behind it: the largest record time that passed here, less a delay. Of several
   * inputs the least counts (`policy: "max"`: the largest). With `moves: "everyBatch"` it is Spark's: it stands still
   * in a micro-batch, records are late by its value in the batch before, and when it has moved a batch without records
   * follows (`emptyBatch: false`: none), so that what has closed comes out. Windows then need no grace of their own, and the
   * result of one that has closed has the time of its last ms, so that windows of windows take it.
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
    return this.added("watermark", { kind: "watermark", delayMs: durationMs(delay), moves, policy, emptyBatch });
  }

  /**
   * Sends the records to a topic as JSON, or to what `topic`, `d1` and `r2` name. Window keys are written as Kafka's
   * TimeWindowedSerializer does: the key, then the window's start as 8 bytes, big-endian.
   *
   * @example
   * import { pipeline, r2, topic } from "../sdk/streams/index.ts";
   *
   * pipeline("copies", ({ stream }) => {
   *   const orders = stream<string>("orders");
   *   orders.to("orders-copy");
   *   orders.to(topic("orders-text", { format: "text" }));
   *   orders.to(r2("orders"));
   * });
   */
  to(sink: string | SinkFor<Value, Key>): void {
    const target = typeof sink === "string" ? topic(sink) : sink;
    const { graph, node } = this.place;
    graph.add("sink", { kind: "sink", sink: target.sink, inputs: [node] });
  }
}
