import type { PlanKey, StoreDefinition } from "../../schema/plan.ts";
import { type Duration, durationMs } from "./duration.ts";
import { checkName } from "./graph.ts";

/**
 * The store behind a table. Give it a name if you mean to read it, or to change the pipeline while it keeps its state: a
 * generated name (`count-2`) moves when another `count` is put before it.
 *
 * @example
 * import type { KeyValueStoreOptions } from "../sdk/streams/index.ts";
 *
 * const options: KeyValueStoreOptions = { store: "orders-per-customer" };
 */
export interface KeyValueStoreOptions {
  readonly store?: string | undefined;
}

/**
 * The store behind a windowed table. `retention` is how long a window stays readable after its start, by record time: 1 day
 * unless told, never less than size + grace.
 *
 * @example
 * import type { WindowStoreOptions } from "../sdk/streams/index.ts";
 *
 * const options: WindowStoreOptions = { store: "orders-per-hour", retention: "7 days" };
 */
export interface WindowStoreOptions extends KeyValueStoreOptions {
  readonly retention?: Duration | undefined;
}

/** A table keeps rows of a table only when it is given a store for them. Rows by window lie in the windowed table's own. */
export type RowStoreOptions<Key extends PlanKey> = [Key] extends [string]
  ? KeyValueStoreOptions
  : { readonly store?: never };

export function storeOf(options: WindowStoreOptions, generatedName: string): StoreDefinition {
  const name = options.store ?? generatedName;
  checkName("store", name);
  return options.retention === undefined ? { name } : { name, retentionMs: durationMs(options.retention) };
}
