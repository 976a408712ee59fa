import type { OrderedPlace } from "../store/ordered-rows.ts";
import type { StoredValue } from "../store/state-store.ts";

/** What happened to a row. Without a value it has gone; its time is then the one that it had. */
export interface RowUpdate extends OrderedPlace {
  readonly timestampMs: number;
  readonly value: string | undefined;
}

export interface WatchedStore {
  /** The time of a row is part of what tells it apart (the end of a session). */
  readonly timed: boolean;
}

/** The rows of watched stores that one transaction has changed, the last state of each. */
export class ChangeRecorder {
  readonly #watched: ReadonlyMap<string, WatchedStore>;
  readonly #updates = new Map<string, Map<string, RowUpdate>>();

  constructor(watched: ReadonlyMap<string, WatchedStore>) {
    this.#watched = watched;
  }

  watches(store: string): boolean {
    return this.#watched.has(store);
  }

  timed(store: string): boolean {
    return this.#watched.get(store)?.timed === true;
  }

  put(store: string, place: OrderedPlace, value: StoredValue): void {
    this.#add(store, { ...placeOf(place), timestampMs: value.timestampMs, value: value.value });
  }

  /** `timestampMs` is needed where it tells rows apart. */
  gone(store: string, place: OrderedPlace, timestampMs: number): void {
    this.#add(store, { ...placeOf(place), timestampMs, value: undefined });
  }

  /** What has changed since the last call: of each store what has gone before what has come. */
  take(): ReadonlyMap<string, readonly RowUpdate[]> {
    const taken = new Map<string, readonly RowUpdate[]>();
    for (const [store, updates] of this.#updates) {
      const all = [...updates.values()];
      taken.set(store, [
        ...all.filter(({ value }) => value === undefined),
        ...all.filter(({ value }) => value !== undefined),
      ]);
    }
    this.#updates.clear();
    return taken;
  }

  #add(store: string, update: RowUpdate): void {
    const { key, at, seq, timestampMs } = update;
    let updates = this.#updates.get(store);
    if (updates === undefined) this.#updates.set(store, (updates = new Map()));
    updates.set(`${at}/${seq}/${this.timed(store) ? timestampMs : 0}/${key}`, update);
  }
}

function placeOf({ key, at, seq }: OrderedPlace): OrderedPlace {
  return { key, at, seq };
}
