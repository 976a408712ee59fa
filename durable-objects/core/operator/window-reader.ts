import type { SessionWindows, SlidingWindows, Windows } from "../../../schema/plan.ts";
import type { OrderedRow } from "../store/ordered-rows.ts";
import type { KeyRow, StateStore, WindowRow } from "../store/state-store.ts";
import { type Result, resultText } from "./result-payload.ts";
import { type SlotWindows, slotsOf, type WindowSlots } from "./window-slots.ts";

/** A window as its readers see it. */
export interface WindowEntry extends KeyRow {
  readonly start: number;
  readonly end: number;
  readonly place: WindowPlace;
}

/** Where a row lies: what a later page begins behind. */
export interface WindowPlace {
  readonly key: string;
  readonly at: number;
  readonly seq: number;
}

export interface WindowQuery {
  readonly limit: number;
  /** Absent: from the beginning. */
  readonly after?: WindowPlace | undefined;
}

export interface KeyWindowQuery extends WindowQuery {
  readonly key: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** The rows of a windowed table, as committed, with what readers are to get as values. A page shorter than its limit is the last. */
export interface WindowReader {
  /** Windows of one key with `fromMs <= start <= toMs`, by start, then end. */
  ofKey(query: KeyWindowQuery): readonly WindowEntry[];
  /** Of all keys, in an order of its own. */
  all(query: WindowQuery): readonly WindowEntry[];
}

export interface WindowTable {
  readonly name: string;
  readonly windows: Windows;
  readonly result?: Result | undefined;
}

export function windowReader(store: StateStore, { name, windows, result }: WindowTable): WindowReader {
  const from = { store, name, result };
  switch (windows.kind) {
    case "time":
    case "cumulative":
    case "unlimited":
      return new SlotReader(from, windows);
    case "sliding":
    case "session":
      return new RowReader(from, windows);
  }
}

interface Stored extends Omit<WindowTable, "windows"> {
  readonly store: StateStore;
}

/** Rows by slot, then key. */
class SlotReader implements WindowReader {
  readonly #from: Stored;
  readonly #slots: WindowSlots;

  constructor(from: Stored, windows: SlotWindows) {
    this.#from = from;
    this.#slots = slotsOf(windows, undefined);
  }

  ofKey({ key, fromMs, toMs, after, limit }: KeyWindowQuery): readonly WindowEntry[] {
    const range = this.#slots.starting(fromMs, toMs);
    const from = after === undefined ? range.fromMs : Math.max(range.fromMs, after.at + 1);
    const rows = this.#from.store.windowsOfKey(this.#from.name, key, { fromMs: from, toMs: range.toMs, limit });
    return rows.map((row) => this.#entryOf(row));
  }

  all({ after, limit }: WindowQuery): readonly WindowEntry[] {
    const place = after === undefined ? undefined : { start: after.at, key: after.key };
    return this.#from.store.scanWindows(this.#from.name, { after: place }, limit).map((row) => this.#entryOf(row));
  }

  #entryOf({ start: slot, key, value: state, timestampMs }: WindowRow): WindowEntry {
    const { start, end } = this.#slots.keyOf(key, slot);
    const value = resultText(state, this.#from.result);
    return { key, start, end, value, timestampMs, place: { key, at: slot, seq: 0 } };
  }
}

/** Rows by key, then time: of sliding windows their start, of sessions how far they reach, which orders them as well. */
class RowReader implements WindowReader {
  readonly #from: Stored;
  readonly #windows: SlidingWindows | SessionWindows;

  constructor(from: Stored, windows: SlidingWindows | SessionWindows) {
    this.#from = from;
    this.#windows = windows;
  }

  ofKey({ key, fromMs, toMs, after, limit }: KeyWindowQuery): readonly WindowEntry[] {
    const fromAt = after === undefined ? fromMs : Math.max(fromMs, after.at + 1);
    // At most one session began before and reaches into the range.
    const items = this.#from.store.ordered.range(this.#from.name, key, { fromAt, toAt: Infinity, limit: limit + 1 });
    const entries = items.map((item) => this.#entryOf({ key, ...item }));
    return entries.filter(({ start }) => start >= fromMs && start <= toMs).slice(0, limit);
  }

  all({ after, limit }: WindowQuery): readonly WindowEntry[] {
    return this.#from.store.ordered.scan(this.#from.name, after, limit).map((row) => this.#entryOf(row));
  }

  #entryOf({ key, at, seq, value: state, timestampMs }: OrderedRow): WindowEntry {
    const place = { key, at, seq };
    const value = resultText(state, this.#from.result);
    if (this.#windows.kind === "session") {
      return { key, start: at - seq, end: timestampMs, value, timestampMs, place };
    }
    return { key, start: at, end: at + this.#windows.differenceMs, value, timestampMs, place };
  }
}
