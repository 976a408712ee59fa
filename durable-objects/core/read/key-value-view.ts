import { type Result, resultText } from "../operator/result-payload.ts";
import type { KeyRow, StateStore } from "../store/state-store.ts";
import type { GoneRow, Place, RowIdentity, ShownRow, View, ViewPage, ViewQuery } from "./view.ts";

export interface ViewParts {
  readonly store: StateStore;
  readonly name: string;
  /** Makes what readers get of a state. */
  readonly result: Result | undefined;
}

/** Rows by key. */
export class KeyValueView implements View {
  readonly order = "key";
  readonly #parts: ViewParts;

  constructor(parts: ViewParts) {
    this.#parts = parts;
  }

  scan({ limit, after, fromKey, toKey }: ViewQuery): ViewPage {
    const { store, name } = this.#parts;
    const found = store.scan(name, { from: fromKey, after: after?.key, to: toKey }, limit);
    const rows = found.map((row) => this.show(row));
    return { rows, next: found.length < limit ? undefined : rows.at(-1)?.place };
  }

  at({ key }: Place): ShownRow | undefined {
    const { store, name } = this.#parts;
    const value = store.get(name, key);
    return value && this.show({ key, ...value });
  }

  show({ key, value, timestampMs }: KeyRow): ShownRow {
    return { key, value: resultText(value, this.#parts.result), timestampMs, place: placeOf(key) };
  }

  identify({ key }: GoneRow): RowIdentity {
    return { key };
  }
}

export function placeOf(key: string): Place {
  return { key, at: 0, seq: 0 };
}
