import type { StoredValue } from "../store/state-store.ts";
import type { Undoable, UndoLog } from "../store/undo-log.ts";
import { type Fold, type HeldState, heldText, textOf } from "./fold.ts";
import type { Origin, StreamRecord } from "./stream-record.ts";

interface Now {
  readonly state: HeldState;
  readonly timestampMs: number;
  /** Of the record that changed it last. */
  readonly origin: Origin;
}

/** The state of one key in one slot while a micro-batch runs. */
export class BatchState implements Undoable {
  readonly slot: number;
  readonly key: string;
  now: Now;

  constructor(at: { readonly slot: number; readonly key: string }, now: Now) {
    this.slot = at.slot;
    this.key = at.key;
    this.now = now;
  }

  get value(): StoredValue | undefined {
    const value = textOf(this.now.state);
    return value === undefined ? undefined : { value, timestampMs: this.now.timestampMs };
  }

  undo(saved: unknown): void {
    this.now = saved as Now;
  }
}

/** States that the same records go into: those of a key from one slot to another. */
interface Row {
  readonly first: number;
  readonly states: readonly BatchState[];
}

/** The slots of a record: `first`, `first + stepMs` … `count` of them. */
export interface Slots {
  readonly first: number;
  readonly count: number;
  readonly stepMs: number;
}

export interface BatchStatesParts {
  readonly fold: Fold;
  readonly undo: UndoLog;
  readonly stored: (slot: number, key: string) => StoredValue | undefined;
}

/**
 * What the records of a micro-batch make of states, in the order in which these first changed. They are read and written
 * once a batch, so a record costs little more than its aggregator, also where it is in many windows. Only where nobody
 * looks at the stored states before the batch ends.
 */
export class BatchStates implements Undoable {
  readonly #parts: BatchStatesParts;
  readonly #inOrder: BatchState[] = [];
  readonly #bySlot = new Map<number, Map<string, BatchState>>();
  /** Where the last record of each key went. */
  readonly #rows = new Map<string, Row>();

  constructor(parts: BatchStatesParts) {
    this.#parts = parts;
  }

  fold(record: StreamRecord, { key, input }: { key: string; input: number }, slots: Slots): void {
    const { fold, undo } = this.#parts;
    for (const each of this.#rowOf(record, key, slots).states) {
      const { now } = each;
      const state = fold.hold(now.state, record, { key, input });
      undo.save(each, now);
      const timestampMs = now.state === undefined ? record.timestampMs : Math.max(now.timestampMs, record.timestampMs);
      each.now = { state, timestampMs, origin: record.origin };
    }
  }

  /** All there are, and from then on none. */
  take(): readonly BatchState[] {
    this.#bySlot.clear();
    this.#rows.clear();
    return this.#inOrder.splice(0);
  }

  /** The last one that was begun: what came after it has been undone. */
  undo(): void {
    const last = this.#inOrder.pop();
    if (last === undefined) return;
    this.#bySlot.get(last.slot)?.delete(last.key);
    this.#rows.delete(last.key);
  }

  #rowOf(record: StreamRecord, key: string, { first, count, stepMs }: Slots): Row {
    const known = this.#rows.get(key);
    if (known?.first === first && known.states.length === count) return known;
    const states = Array.from({ length: count }, (_, at) => this.#stateOf(record, first + at * stepMs, key));
    const row = { first, states };
    this.#rows.set(key, row);
    return row;
  }

  #stateOf({ origin }: StreamRecord, slot: number, key: string): BatchState {
    let keys = this.#bySlot.get(slot);
    if (keys === undefined) this.#bySlot.set(slot, (keys = new Map<string, BatchState>()));
    const known = keys.get(key);
    if (known !== undefined) return known;
    const stored = this.#parts.stored(slot, key);
    const now = { state: heldText(stored?.value), timestampMs: stored?.timestampMs ?? -Infinity, origin };
    const begun = new BatchState({ slot, key }, now);
    keys.set(key, begun);
    this.#inOrder.push(begun);
    this.#parts.undo.save(this, undefined);
    return begun;
  }
}
