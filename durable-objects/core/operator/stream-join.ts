import type { StreamJoinNode } from "../../../schema/plan.ts";
import { assert } from "../assert.ts";
import type { OrderedPlace } from "../store/ordered-rows.ts";
import type { OrderedStore } from "../store/ordered-store.ts";
import { LEFT, type Pair, pairOf, RIGHT, type Side } from "./join-pair.ts";
import type { JoinTime } from "./join-time.ts";
import { utf8 } from "./key-text.ts";
import type { Output, Runtime } from "./operator.ts";
import type { Payload } from "./payload.ts";
import { returnedValue } from "./returned.ts";
import { type Origin, StreamRecord } from "./stream-record.ts";
import type { UnmatchedRecords } from "./unmatched.ts";

export interface StreamJoinParts {
  readonly node: StreamJoinNode;
  /** Records by key, time and arrival, as JSON; by side. */
  readonly rows: readonly [left: OrderedStore, right: OrderedStore];
  /** Where records of a side that is kept wait until they close. */
  readonly unmatched: readonly [left: UnmatchedRecords | undefined, right: UnmatchedRecords | undefined];
  readonly time: JoinTime;
}

interface Due extends OrderedPlace {
  readonly side: Side;
}

const NOTHING: readonly Due[] = [];
const encoder = new TextEncoder();

/** What the two sides of a join share: their records, the time, and what comes out. */
export class StreamJoin {
  readonly node: StreamJoinNode;
  readonly rows: StreamJoinParts["rows"];
  readonly unmatched: StreamJoinParts["unmatched"];
  readonly time: JoinTime;
  readonly runtime: Runtime;
  readonly #output: Output;

  constructor({ node, rows, unmatched, time }: StreamJoinParts, runtime: Runtime, output: Output) {
    this.node = node;
    this.rows = rows;
    this.unmatched = unmatched;
    this.time = time;
    this.runtime = runtime;
    this.#output = output;
  }

  /** Records of the side come out also when they match none. */
  keeps(side: Side): boolean {
    const { join } = this.node;
    return join === "outer" || (join === "left" && side === LEFT);
  }

  /** A left record that has matched is done: it matches nothing more, and need not be kept. */
  get once(): boolean {
    return this.node.join === "semi" || this.node.once === true;
  }

  /** Its functions look at the values. */
  get readsValues(): boolean {
    return this.node.where !== undefined || this.node.joiner !== undefined;
  }

  matches({ left, right }: Pair, key: string): boolean {
    const { where, name } = this.node;
    if (where === undefined) return true;
    this.runtime.trace.node = name;
    return where(left, right, key);
  }

  /** The joiner's value as a record with the key, time and origin given. */
  join({ left, right }: Pair, from: JoinedFrom): void {
    const { joiner, name } = this.node;
    assert(joiner !== undefined, `join ${name} has a joiner`);
    this.runtime.trace.node = name;
    this.pass(returnedValue(joiner(left, right, from.key), name), from);
  }

  pass(payload: Payload, { key, timestampMs, origin }: JoinedFrom): void {
    this.#output.forward(new StreamRecord(key, payload, { timestampMs, origin }));
  }

  /** The time may have moved: what can match no more comes out, and what is too old goes. */
  close(): void {
    if (this.node.windows === undefined) return;
    const left = this.#due(LEFT);
    const right = this.#due(RIGHT);
    // Each is in the order of time, key and arrival, and a sort is stable: at one time the right side comes first.
    const due = left.length === 0 ? right : [...right, ...left].toSorted((a, b) => a.at - b.at);
    for (const each of due) this.#release(each);
    this.rows[LEFT].expire(this.time.expiredBefore(LEFT));
    this.rows[RIGHT].expire(this.time.expiredBefore(RIGHT));
  }

  #due(side: Side): readonly Due[] {
    const places = this.unmatched[side]?.take(this.time.closedBefore(side)) ?? [];
    return places.length === 0 ? NOTHING : places.map((place) => ({ side, ...place }));
  }

  /** As a unit of its own: the record that moved the time has nothing to do with it. */
  #release({ side, ...place }: Due): void {
    const rows = this.rows[side];
    const row = rows.get(place);
    assert(row !== undefined, `an unmatched record of ${this.node.name} is stored`);
    if (this.node.unmatched === "onClose") rows.remove(place);
    const { key, at } = place;
    const { origin } = this.runtime;
    const { offset } = origin.record;
    this.runtime.trace.node = this.node.name;
    this.runtime.unit(
      () => ({ key: utf8(key), value: encoder.encode(row.value), timestampMs: at, headers: [], offset }),
      () => this.join(pairOf(side, JSON.parse(row.value), null), { key, timestampMs: at, origin }),
    );
  }
}

export interface JoinedFrom {
  readonly key: string | null;
  readonly timestampMs: number;
  readonly origin: Origin;
}
