import type { PlanKey } from "../../schema/plan.ts";
import { BatchOperators } from "./batch-operators.ts";
import { type Lookup, lookupOf, type LookupOptions } from "./lookup.ts";
import type { Stream } from "./stream.ts";

/** Values that are looked up for are there: a record without one is dropped. */
type Present<Value> = Exclude<Value, null>;

/** What a stream finds elsewhere. */
export abstract class LookupOperators<Value, Key extends PlanKey> extends BatchOperators<Value, Key> {
  /**
   * Each record of this stream, under its own key and at its own time, with what is found elsewhere for the key that `key`
   * gives: a row of D1, an answer over HTTP, whatever an async function finds. One for which there is nothing goes no
   * further; one without a value, or that looks up nothing, is dropped and counted. Records of a key stay in their order.
   * A record is looked up when it is processed: run again, in a reset, it may find something else.
   *
   * @example
   * import { fromD1, pipeline } from "../sdk/streams/index.ts";
   *
   * pipeline("with-customers", ({ stream }) =>
   *   stream<{ customer: string }>("orders")
   *     .lookup(
   *       fromD1("customers", { columns: { id: "TEXT", country: "TEXT" }, key: "id" }),
   *       (order, { country }) => ({ ...order, country }),
   *       { key: (order) => order.customer },
   *     )
   *     .to("orders-with-country"),
   * );
   */
  lookup<LookupKey, Found, Result>(
    from: Lookup<LookupKey, Found>,
    joiner: (value: Present<Value>, found: Found, key: Key) => Result,
    options: LookupOptions<Present<Value>, Key, LookupKey>,
  ): Stream<Result, Key> {
    return this.added("lookup", lookupOf(from, { ...options, join: "inner", joiner }));
  }

  /**
   * As `lookup`, and a record for which there is nothing, or that looks up nothing, comes out with null.
   *
   * @example
   * import { fromHttp, pipeline } from "../sdk/streams/index.ts";
   *
   * const rates = fromHttp<string, number>({ request: (currency) => `https://rates.example/${currency}` });
   *
   * pipeline("in-euros", ({ stream }) =>
   *   stream<{ amount: number; currency: string }>("orders")
   *     .leftLookup(rates, ({ amount }, rate) => (rate === null ? null : amount * rate), {
   *       key: (order) => order.currency,
   *     })
   *     .to("orders-in-euros"),
   * );
   */
  leftLookup<LookupKey, Found, Result>(
    from: Lookup<LookupKey, Found>,
    joiner: (value: Present<Value>, found: Found | null, key: Key) => Result,
    options: LookupOptions<Present<Value>, Key, LookupKey>,
  ): Stream<Result, Key> {
    return this.added("leftLookup", lookupOf(from, { ...options, join: "left", joiner }));
  }
}
