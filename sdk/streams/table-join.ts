import type {
  ForeignKeyJoinNode,
  GlobalJoinNode,
  PlanKey,
  RecordContext,
  StreamTableJoinNode,
  TableJoinNode,
} from "../../schema/plan.ts";
import { type Duration, durationMs, quietMs } from "./duration.ts";
import type { Typed } from "./join.ts";
import { type KeyValueStoreOptions, storeOf } from "./store.ts";

/**
 * How a stream is joined with a table. With `grace` a record waits until the stream's time has passed its own by so much,
 * and is joined then, in the order of time: the row may come later than the record. Of a versioned table it is the row at
 * the record's time, of another the one that is there then. What has waited has no headers. A record that comes later than
 * that is joined at once. `closeWhenIdle`: when nothing has come for so long, a minute unless told, event time goes on at
 * the pace of the clock, so that nothing waits for ever; see `onClose`.
 *
 * @example
 * import type { StreamTableJoinOptions } from "../sdk/streams/index.ts";
 *
 * const options: StreamTableJoinOptions = { grace: "1 minute" };
 */
export interface StreamTableJoinOptions extends KeyValueStoreOptions {
  readonly grace?: Duration | undefined;
  readonly closeWhenIdle?: Duration | "never" | undefined;
}

/**
 * How two tables are joined. The rows are kept in a store, to be read. `tombstones`: `"exact"`, which it is unless told,
 * sends one for a row that was sent and is no more; `"kafka"` goes by the change alone, as Kafka Streams does: where one
 * change reaches the join on two ways (`a.join(b).join(b)`) that may lose or repeat them.
 *
 * @example
 * import type { TableJoinOptions } from "../sdk/streams/index.ts";
 *
 * const options: TableJoinOptions = { store: "customers-with-orders" };
 */
export interface TableJoinOptions extends KeyValueStoreOptions {
  readonly tombstones?: TableJoinNode["tombstones"] | undefined;
}

/**
 * How a table is joined with the rows that its own name: `foreignKey` gives the key of that row, or null. The rows of the
 * join are kept in a store, to be read.
 *
 * @example
 * import type { ForeignKeyJoinOptions } from "../sdk/streams/index.ts";
 *
 * const options: ForeignKeyJoinOptions<{ customer: string }> = { foreignKey: (order) => order.customer };
 */
export interface ForeignKeyJoinOptions<Row> extends KeyValueStoreOptions {
  readonly foreignKey: (row: Row, key: string) => string | null;
}

/** A join of rows of any types, as a node takes it. */
export interface GivenJoinOfTables extends TableJoinOptions {
  readonly join: TableJoinNode["join"];
  readonly joiner: Typed<TableJoinNode["joiner"]>;
  readonly foreignKey?: Typed<ForeignKeyJoinNode["foreignKey"]> | undefined;
}

export function joinOfTables(
  { join, joiner, store, tombstones = "exact", foreignKey }: GivenJoinOfTables,
  { nodeName, windows }: { readonly nodeName: string; readonly windows: TableJoinNode["windows"] },
): Omit<TableJoinNode, "name" | "inputs"> | Omit<ForeignKeyJoinNode, "name" | "inputs"> {
  const joined = { store: storeOf({ store }, nodeName), joiner: joiner as TableJoinNode["joiner"] };
  if (foreignKey === undefined) return { kind: "tableJoin", join, tombstones, windows, ...joined };
  if (join === "outer") throw new Error("A join by foreign key has a row for rows of its own table: join or leftJoin.");
  return { kind: "foreignKeyJoin", join, foreignKey: foreignKey as ForeignKeyJoinNode["foreignKey"], ...joined };
}

/**
 * How a stream is joined with a global table: `key` gives the key of the row that a record names, or null.
 *
 * @example
 * import type { GlobalJoinOptions } from "../sdk/streams/index.ts";
 *
 * const options: GlobalJoinOptions<{ currency: string }, string | null> = { key: (order) => order.currency };
 */
export interface GlobalJoinOptions<Value, Key extends PlanKey> {
  readonly key: (value: Value, key: Key, context: RecordContext) => string | null;
}

/** A join of values of any types, as a node takes it. */
export interface GivenTableJoin extends StreamTableJoinOptions {
  readonly join: StreamTableJoinNode["join"];
  readonly joiner: Typed<StreamTableJoinNode["joiner"]>;
}

export function streamTableJoinOf(
  { join, joiner, grace, closeWhenIdle, store }: GivenTableJoin,
  nodeName: string,
): Omit<StreamTableJoinNode, "name" | "inputs"> {
  return {
    kind: "streamTableJoin",
    join,
    store: storeOf({ store }, nodeName),
    joiner: joiner as StreamTableJoinNode["joiner"],
    graceMs: grace === undefined ? undefined : durationMs(grace),
    closeWhenIdleMs: closeWhenIdle === undefined ? undefined : quietMs(closeWhenIdle),
  };
}

export interface GivenGlobalJoin {
  readonly join: GlobalJoinNode["join"];
  readonly joiner: Typed<GlobalJoinNode["joiner"]>;
  readonly key?: Typed<GlobalJoinNode["key"]> | undefined;
}

export function globalJoinOf({ join, joiner, key }: GivenGlobalJoin): Omit<GlobalJoinNode, "name" | "inputs"> {
  if (key === undefined) {
    throw new Error(
      "A join with a global table needs to know which row a record names. Give it: { key: (value) => … }.",
    );
  }
  return {
    kind: "globalJoin",
    join,
    joiner: joiner as GlobalJoinNode["joiner"],
    key: key as GlobalJoinNode["key"],
  };
}
