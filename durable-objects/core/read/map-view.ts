import { compositeKey, splitCompositeKey } from "../operator/keyed-state.ts";
import { keysWithPrefix } from "../store/key-order.ts";
import type { KeyRow } from "../store/state-store.ts";
import { placeOf, type ViewParts } from "./key-value-view.ts";
import type { GoneRow, Place, RowIdentity, ShownRow, View, ViewPage, ViewQuery } from "./view.ts";
import { soleKey } from "./view.ts";

/** The maps of a processor, an entry a row: those of a key lie together, by name, and keys in an order of their own. */
export class MapView implements View {
  readonly order = "key";
  readonly #parts: ViewParts;

  constructor(parts: ViewParts) {
    this.#parts = parts;
  }

  /** Of one key or of all: a range of keys does not lie together. */
  scan(query: ViewQuery): ViewPage {
    const { store, name } = this.#parts;
    const { limit, after } = query;
    const key = soleKey(query);
    const range = key === undefined ? {} : keysWithPrefix(compositeKey(key, ""));
    const found = store.scan(name, { ...range, after: after?.key }, limit);
    const rows = found.map((row) => this.show(row));
    return { rows, next: found.length < limit ? undefined : rows.at(-1)?.place };
  }

  at({ key }: Place): ShownRow | undefined {
    const { store, name } = this.#parts;
    const value = store.get(name, key);
    return value && this.show({ key, ...value });
  }

  show({ key: place, value, timestampMs }: KeyRow): ShownRow {
    const [key, name] = splitCompositeKey(place);
    return { key, name, value, timestampMs, place: placeOf(place) };
  }

  identify({ key: place }: GoneRow): RowIdentity {
    const [key, name] = splitCompositeKey(place);
    return { key, name };
  }
}
