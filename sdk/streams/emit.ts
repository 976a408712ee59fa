import type { AggregateNode } from "../../schema/plan.ts";

/**
 * When the results of windows go on, made by `onUpdate` and `onClose`.
 *
 * @example
 * import { type EmitStrategy, onClose } from "../sdk/streams/index.ts";
 *
 * const strategy: EmitStrategy = onClose();
 */
export interface EmitStrategy {
  readonly emit: NonNullable<AggregateNode["emit"]>;
}

/**
 * A window sends its result with every record that changes it, as Kafka Streams does unless told: what `emit` stands at.
 *
 * @example
 * import { onUpdate, pipeline, tumbling } from "../sdk/streams/index.ts";
 *
 * pipeline("hourly", ({ stream }) =>
 *   stream("orders")
 *     .groupByKey()
 *     .windowedBy(tumbling({ size: "1 hour", grace: "5 minutes" }))
 *     .emit(onUpdate())
 *     .count()
 *     .to("orders-per-hour-so-far"),
 * );
 */
export function onUpdate(): { readonly emit: "onUpdate" } {
  return { emit: "onUpdate" };
}

/**
 * A window sends its result once, when it takes no records any more: when the largest time seen has reached its
 * `end + grace`. Windows that close together come in order of their start, then of their key.
 *
 * Where nothing comes any more, event time goes on at the pace of the clock after a minute of quiet, so that the last
 * windows close as well; `.closeWhenIdle("10 minutes")` says how long, or "never". What comes after with an older time is
 * late. Behind a change of key the quiet is also how long one partition of the source may be silent before windows close
 * without waiting for it, at most 30 seconds: choose it longer than your producers pause.
 *
 * @example
 * import { onClose, pipeline, tumbling } from "../sdk/streams/index.ts";
 *
 * pipeline("hourly", ({ stream }) =>
 *   stream("orders")
 *     .groupByKey()
 *     .windowedBy(tumbling({ size: "1 hour", grace: "5 minutes" }))
 *     .emit(onClose())
 *     .count()
 *     .to("orders-per-hour"),
 * );
 */
export function onClose(): { readonly emit: "onClose" } {
  return { emit: "onClose" };
}
