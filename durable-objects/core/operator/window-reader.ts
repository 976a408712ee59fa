import type { Windows } from "../../../schema/plan.ts";
import { type Result, resultText } from "./result-payload.ts";
import { slotsOf } from "./window-slots.ts";
import type { KeyRow, StateStore } from "../store/state-store.ts";

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
  const slots = slotsOf(windows, undefined);
  const entryOf = ({ start: slot, key, value, timestampMs }: KeyRow & { start: number }): WindowEntry => {
    const { start, end } = slots.keyOf(key, slot);
    return { key, start, end, value: resultText(value, result), timestampMs, place: { key, at: slot, seq: 0 } };
  };
  return {
    ofKey: ({ key, fromMs, toMs, after, limit }) => {
      const range = slots.starting(fromMs, toMs);
      const from = after === undefined ? range.fromMs : Math.max(range.fromMs, after.at + 1);
      return store.windowsOfKey(name, key, { fromMs: from, toMs: range.toMs, limit }).map(entryOf);
    },
    all: ({ after, limit }) => {
      const place = after === undefined ? undefined : { start: after.at, key: after.key };
      return store.scanWindows(name, { after: place }, limit).map(entryOf);
    },
  };
}
