import type { PlanKey, ValueFormat } from "../../schema/plan.ts";
import type { Sink } from "../../schema/sinks.ts";
import { checkTopicName } from "./graph.ts";

/**
 * Where `to` sends records, made by `topic`, `d1` or `r2`. It says which values and keys it takes, so that a stream of
 * others does not compile.
 *
 * @example
 * import { d1, type SinkFor } from "../sdk/streams/index.ts";
 *
 * const table: SinkFor<{ id: string; total: number }> = d1("orders", {
 *   columns: { id: "TEXT", total: "REAL" },
 *   primaryKey: ["id"],
 * });
 */
export interface SinkFor<Value, Key = PlanKey> {
  readonly sink: Sink;
  /** Never called: it holds the types. A property, not a method, so that they are compared contravariantly. */
  readonly accepts?: ((value: Value, key: Key) => void) | undefined;
}

/**
 * A topic, when its values are not JSON: `to("alerts")` is short for `to(topic("alerts"))`. A record keeps its key, time and
 * headers; the partition follows from the key. A null value is a tombstone.
 *
 * @example
 * import { pipeline, topic } from "../sdk/streams/index.ts";
 *
 * pipeline("shout", ({ stream }) =>
 *   stream("lines", { format: "text" })
 *     .mapValues((line) => line.toUpperCase())
 *     .to(topic("loud-lines", { format: "text" })),
 * );
 */
export function topic(name: string, options?: { readonly format?: "json" }): SinkFor<unknown>;
export function topic(name: string, options: { readonly format: "text" }): SinkFor<string | null>;
export function topic(name: string, options: { readonly format: "bytes" }): SinkFor<Uint8Array | null>;
export function topic(name: string, options: { readonly format?: ValueFormat } = {}): SinkFor<never> {
  checkTopicName(name);
  return { sink: { kind: "topic", topic: name, format: options.format ?? "json" } };
}
