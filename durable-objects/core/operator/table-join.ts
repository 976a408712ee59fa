import type { TableJoinNode } from "../../../schema/plan.ts";
import { stateText } from "../store/state-value.ts";
import type { JoinedStore, JoinRows, RowKey } from "./join-rows.ts";
import { LEFT, pairOf, RIGHT, type Side } from "./join-pair.ts";
import type { Operator, Output, Runtime } from "./operator.ts";
import { TOMBSTONE } from "./payload.ts";
import type { StreamRecord } from "./stream-record.ts";
import { rowKey } from "./table-row.ts";
import type { TableRow } from "./table-rows.ts";
import { Updates } from "./updates.ts";

export interface TableJoinParts {
  readonly node: TableJoinNode;
  /** Of the two tables. */
  readonly rows: readonly [left: JoinRows, right: JoinRows];
  /** Of the join. */
  readonly store: JoinedStore;
}

interface JoinedRow {
  readonly key: RowKey;
  /** `undefined`: none. */
  readonly text: string | undefined;
  readonly timestampMs: number;
  /** Whether there was one, as far as the change says. */
  readonly was: () => boolean;
}

/** What the two inputs of a join of tables share. */
export class TableJoin {
  readonly node: TableJoinNode;
  readonly rows: TableJoinParts["rows"];
  readonly updates: Updates;
  readonly #store: JoinedStore;
  readonly #runtime: Runtime;

  constructor({ node, rows, store }: TableJoinParts, runtime: Runtime, output: Output) {
    this.node = node;
    this.rows = rows;
    this.updates = new Updates(runtime, output);
    this.#store = store;
    this.#runtime = runtime;
  }

  get sides(): readonly [left: TableJoinSide, right: TableJoinSide] {
    return [new TableJoinSide(this, LEFT), new TableJoinSide(this, RIGHT)];
  }

  /** Puts the row in place of the one before and sends it; where there is none now and was none, nothing. */
  put(row: JoinedRow, change: StreamRecord): void {
    const { key, text, timestampMs } = row;
    const { cache } = this.#runtime;
    const entry = this.#store.entry(key);
    const before = entry?.value?.value;
    if (text === undefined && !(this.node.tombstones === "kafka" ? row.was() : before !== undefined)) return;
    if (entry !== undefined) cache.write(entry, text === undefined ? undefined : { value: text, timestampMs });
    if (text === undefined && this.node.tombstones === "exact")
      this.updates.withdraw(key, { before, timestampMs }, change);
    else this.updates.emit(key, { text, before, timestampMs }, change);
  }

  expire(): void {
    for (const rows of this.rows) rows.expire();
    this.#store.expire();
  }
}

/**
 * A change of one table makes the row of its key anew, with the other table's row as it is: also where the same record has
 * changed that one first, as in Kafka Streams. The time is the later one of both rows.
 */
class TableJoinSide implements Operator {
  readonly name: string;
  readonly #join: TableJoin;
  readonly #side: Side;
  readonly #other: JoinRows;

  constructor(join: TableJoin, side: Side) {
    this.name = join.node.name;
    this.#join = join;
    this.#side = side;
    this.#other = join.rows[side === LEFT ? RIGHT : LEFT];
  }

  process(change: StreamRecord): void {
    const { join, joiner } = this.#join.node;
    const key = rowKey(change);
    const theirs = this.#other.get(key);
    // As Kafka Streams: what was made with a row that has been let go stays what it was.
    if (this.#needsOther && this.#other.gone(key)) return;
    const { left, right } = pairOf(this.#side, change.value, theirs?.payload.value() ?? null);
    const timestampMs = Math.max(change.timestampMs, theirs?.timestampMs ?? -Infinity);
    const joined = isRow(join, left, right) ? joiner(left, right, key) : null;
    const text = joined === null ? undefined : stateText(joined, "state");
    this.#join.put({ key, text, timestampMs, was: () => this.#was(change, theirs) }, change);
  }

  /** The second input has held nothing back that the first does not send. */
  endBatch(): void {
    if (this.#side === LEFT) this.#join.updates.endBatch();
  }

  expire(): void {
    if (this.#side === LEFT) this.#join.expire();
  }

  get #needsOther(): boolean {
    const { join } = this.#join.node;
    return join === "inner" || (join === "left" && this.#side === RIGHT);
  }

  /** Whether there was a row with what the change replaces, as far as this change and the other row say. */
  #was({ before = TOMBSTONE }: StreamRecord, theirs: TableRow | undefined): boolean {
    const { left, right } = pairOf(this.#side, before.value(), theirs === undefined ? null : theirs.payload.value());
    return isRow(this.#join.node.join, left, right);
  }
}

function isRow(join: TableJoinNode["join"], left: unknown, right: unknown): boolean {
  if (join === "inner") return left !== null && right !== null;
  return left !== null || (join === "outer" && right !== null);
}
