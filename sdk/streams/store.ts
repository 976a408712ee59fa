import type { PlanKey, StoreDefinition, TableNode } from "../../schema/plan.ts";
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

/**
 * The store behind a table of a topic or a stream. A `versioned` one keeps by the time of its records: a stream is joined
 * with the row that was there at the record's time, as far back as `historyRetention` behind the largest time that came to
 * the table. A record out of order then changes what was, and no node behind the table sees it; one that is older than the
 * history is late, and counted.
 *
 * @example
 * import type { TableOptions } from "../sdk/streams/index.ts";
 *
 * const options: TableOptions = { store: "prices", versioned: { historyRetention: "1 day" } };
 */
export interface TableOptions extends KeyValueStoreOptions {
  readonly versioned?: { readonly historyRetention: Duration } | undefined;
}

export function tableOf(options: TableOptions, generatedName: string): Omit<TableNode, "name" | "inputs"> {
  const store = storeOf({ store: options.store }, generatedName);
  if (options.versioned === undefined) return { kind: "toTable", store };
  const { historyRetention } = options.versioned;
  if (historyRetention === undefined)
    throw new Error(
      `Table "${store.name}" is versioned, and nothing says how far back. Give { versioned: { historyRetention: "1 day" } }.`,
    );
  return { kind: "toTable", store, versioned: { historyMs: durationMs(historyRetention) } };
}
