import type { OrderedStore } from "../store/ordered-store.ts";
import { SpanKey } from "./span-key.ts";

/** Sessions read at once: mostly there is one. */
const PAGE = 4;

/** Times in ms. A record up to `reachMs` is still of the session: its last record's time and the gap of one of them. */
export interface Session {
  readonly start: number;
  readonly end: number;
  readonly reachMs: number;
  /** The state as JSON. */
  readonly text: string;
}

/**
 * The sessions of each key in an ordered store: `at` is the reach, `seq` the reach less the start, and a row's time the end.
 * Sessions of a key do not touch, so they lie in the order of their starts as well.
 */
export class SessionRows {
  readonly #store: OrderedStore;

  constructor(store: OrderedStore) {
    this.#store = store;
  }

  /** Sessions with `reach >= fromMs` and `start <= toMs`, in order. */
  *touching(key: string, fromMs: number, toMs: number): Iterable<Session> {
    for (let fromAt = fromMs; ;) {
      const page = this.#store.range(key, { fromAt, toAt: Infinity, limit: PAGE });
      for (const { at, seq, timestampMs, value } of page) {
        if (at - seq > toMs) return;
        yield { start: at - seq, end: timestampMs, reachMs: at, text: value };
        fromAt = at + 1;
      }
      if (page.length < PAGE) return;
    }
  }

  put(key: string, { start, end, reachMs, text }: Session): void {
    this.#store.put({ key, at: reachMs, seq: reachMs - start }, { value: text, timestampMs: end });
  }

  remove(key: string, { start, reachMs }: Session): void {
    this.#store.remove({ key, at: reachMs, seq: reachMs - start });
  }

  /** Sessions that reach less far are let go. */
  expire(beforeMs: number): void {
    this.#store.expire(beforeMs);
  }
}

export function sessionKey(key: string, { start, end }: Pick<Session, "start" | "end">): SpanKey {
  return new SpanKey(key, start, end);
}
