import type { OrderedItem, OrderedPlace } from "../store/ordered-rows.ts";
import { boundedState } from "../store/state-value.ts";
import type { Operator, Unsent } from "./operator.ts";
import { TextPayload } from "./payload.ts";
import { storeKey } from "./record-key.ts";
import { LEFT, type Pair, pairOf, RIGHT, type Side } from "./join-pair.ts";
import type { StreamJoin } from "./stream-join.ts";
import type { StreamRecord } from "./stream-record.ts";

/**
 * One input of a stream join: a record is matched with what the other side has, then kept for what is to come. Of a join
 * of a stream with itself the left side goes first, as in Kafka Streams: a record matches itself once.
 */
export class JoinSide implements Operator {
  readonly name: string;
  readonly #join: StreamJoin;
  readonly #side: Side;
  readonly #other: Side;

  constructor(join: StreamJoin, side: Side) {
    this.name = join.node.name;
    this.#join = join;
    this.#side = side;
    this.#other = side === LEFT ? RIGHT : LEFT;
  }

  process(record: StreamRecord): void {
    const { time, runtime } = this.#join;
    if (record.value === null || (record.key === null && !this.#join.keeps(this.#side))) {
      runtime.tally.droppedRecords++;
      return;
    }
    time.advance(this.#side, record.timestampMs);
    if (!time.movesByBatch) this.#join.close();
    if (time.late(record.timestampMs)) {
      runtime.tally.lateRecords++;
      return;
    }
    if (record.key === null) return this.#emitAlone(record, null);
    const key = storeKey(record.key, this.name);
    const matched = this.#match(record, key);
    if (matched && this.#join.once && this.#side === LEFT) return;
    this.#keep(record, key, matched);
  }

  /** The other side has no more to do than this. */
  timeMoved(): void {
    if (this.#side === LEFT) this.#join.close();
  }

  /** What waits for a match comes out with its own time. */
  unsent(): Unsent | undefined {
    const fromMs = this.#join.unmatched[this.#side]?.firstMs;
    return fromMs === undefined ? undefined : { fromMs, dueMs: this.#join.time.closesAt(this.#side, fromMs) };
  }

  /** Whether the record matched any. */
  #match(record: StreamRecord, key: string): boolean {
    const { rows, time, readsValues, once } = this.#join;
    const [fromMs, toMs] = time.matching(this.#side, record.timestampMs);
    const ours = record.value;
    let matched = false;
    const fromAt = Math.max(fromMs, time.oldest(this.#other));
    for (const row of rows[this.#other].range(key, { fromAt, toAt: toMs })) {
      const pair = pairOf(this.#side, ours, readsValues ? (JSON.parse(row.value) as unknown) : undefined);
      if (!this.#join.matches(pair, key)) continue;
      matched = true;
      this.#take({ key, at: row.at, seq: row.seq });
      this.#emit(pair, { key, row, record });
      if (once && this.#side === LEFT) break;
    }
    return matched;
  }

  /** The row of the other side has matched: it does not come out alone, and of a join that matches once not again. */
  #take({ key, at, seq }: OrderedPlace): void {
    const { rows, unmatched, once } = this.#join;
    if (once && this.#other === LEFT) rows[LEFT].remove({ key, at, seq });
    unmatched[this.#other]?.remove({ key, at, seq });
  }

  #emit(pair: Pair, { key, row, record }: { key: string; row: OrderedItem; record: StreamRecord }): void {
    const from = { key, timestampMs: Math.max(record.timestampMs, row.at), origin: record.origin };
    if (this.#join.node.join !== "semi") this.#join.join(pair, from);
    else this.#join.pass(this.#side === LEFT ? record.payload : new TextPayload(row.value), from);
  }

  #keep(record: StreamRecord, key: string, matched: boolean): void {
    const { rows, time, unmatched, node, runtime } = this.#join;
    const { timestampMs: at } = record;
    const late = at < time.keptFrom(this.#side);
    if (late) runtime.tally.lateRecords++;
    let waits = !matched && this.#join.keeps(this.#side);
    if (waits) {
      const passed = node.unmatched === "kafka" ? time.passedBefore(this.#side) : time.closedBefore(this.#side);
      waits = node.unmatched !== "eager" && at >= passed;
      if (!waits) this.#emitAlone(record, key);
      // What came out alone must not match as well.
      if (!waits && node.unmatched === "onClose") return;
    }
    if (late) return;
    const text = boundedState(record.payload.json("state"), "state");
    const seq = rows[this.#side].append(key, at, { value: text, timestampMs: at });
    if (waits) unmatched[this.#side]?.add({ key, at, seq });
  }

  #emitAlone(record: StreamRecord, key: string | null): void {
    const { timestampMs, origin } = record;
    this.#join.join(pairOf(this.#side, record.value, null), { key, timestampMs, origin });
  }
}
