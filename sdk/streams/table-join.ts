import type { StreamTableJoinNode, TableJoinNode } from "../../schema/plan.ts";
import { type Duration, durationMs } from "./duration.ts";
import type { Typed } from "./join.ts";
import { type KeyValueStoreOptions, storeOf } from "./store.ts";

/**
 * How a stream is joined with a table. With `grace` a record waits until the stream's time has passed its own by so much,
 * and is joined then, in the order of time: the row may come later than the record. Of a versioned table it is the row at
 * the record's time, of another the one that is there then. What has waited has no headers. A record that comes later than
 * that is joined at once.
 *
 * @example
 * import type { StreamTableJoinOptions } from "../sdk/streams/index.ts";
 *
 * const options: StreamTableJoinOptions = { grace: "1 minute" };
 */
export interface StreamTableJoinOptions extends KeyValueStoreOptions {
  readonly grace?: Duration | undefined;
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

/** A join of values of any types, as a node takes it. */
export interface GivenTableJoin extends StreamTableJoinOptions {
  readonly join: StreamTableJoinNode["join"];
  readonly joiner: Typed<StreamTableJoinNode["joiner"]>;
}

export function streamTableJoinOf(
  { join, joiner, grace, store }: GivenTableJoin,
  nodeName: string,
): Omit<StreamTableJoinNode, "name" | "inputs"> {
  return {
    kind: "streamTableJoin",
    join,
    store: storeOf({ store }, nodeName),
    joiner: joiner as StreamTableJoinNode["joiner"],
    graceMs: grace === undefined ? undefined : durationMs(grace),
  };
}
