import type { SessionWindows, SlidingWindows } from "../../../schema/windows.ts";
import { resultText } from "../operator/result-payload.ts";
import { compareKeys } from "../store/key-order.ts";
import type { ViewParts } from "./key-value-view.ts";
import type { GoneRow, Place, RowIdentity, ShownRow, StoredRow, View, ViewPage, ViewQuery } from "./view.ts";
import { holdsKey } from "./view.ts";

/** What the rows of an ordered store are. */
export type OrderedContent =
  | SessionWindows
  | SlidingWindows
  | { readonly kind: "joinSide" }
  | { readonly kind: "list" };

/** Rows by key, then time: of sliding windows their start, of sessions how far they reach, which orders them as well. */
export class OrderedView implements View {
  readonly order = "key";
  readonly #parts: ViewParts;
  readonly #content: OrderedContent;

  constructor(parts: ViewParts, content: OrderedContent) {
    this.#parts = parts;
    this.#content = content;
  }

  scan(query: ViewQuery): ViewPage {
    const { limit, after, toKey, fromMs = -Infinity, toMs = Infinity } = query;
    const found = this.#parts.store.ordered.scan(this.#parts.name, after ?? this.#begin(query), limit);
    const inRange = found.filter(({ key }) => toKey === undefined || compareKeys(key, toKey) < 0);
    const rows = inRange.filter((row) => {
      const timeMs = this.#timeOf(row);
      return holdsKey(query, row.key) && timeMs >= fromMs && timeMs <= toMs;
    });
    const ended = found.length < limit || inRange.length < found.length;
    return { rows: rows.map((row) => this.show(row)), next: ended ? undefined : placeOf(found.at(-1)) };
  }

  at(place: Place): ShownRow | undefined {
    const value = this.#parts.store.ordered.get(this.#parts.name, place);
    return value && this.show({ ...place, ...value });
  }

  show(row: StoredRow): ShownRow {
    const { value, timestampMs } = row;
    const { key, at, seq } = row;
    const shown = resultText(value, this.#parts.result);
    return { ...this.identify(row), value: shown, timestampMs, place: { key, at, seq } };
  }

  identify({ key, at, seq, timestampMs }: GoneRow): RowIdentity {
    switch (this.#content.kind) {
      case "session":
        return { key, start: at - seq, end: timestampMs };
      case "sliding":
        return { key, start: at, end: at + this.#content.differenceMs };
      case "joinSide":
      case "list":
        return { key, at, seq };
    }
  }

  /** Before the first row wanted. No row lies before its time: a session reaches at least to its start. */
  #begin({ fromKey, toKey, fromMs }: ViewQuery): Place | undefined {
    if (fromKey === undefined) return undefined;
    const sole = toKey === `${fromKey}\0`;
    const at =
      sole && this.#content.kind !== "list" ? Math.max(fromMs ?? -Infinity, Number.MIN_SAFE_INTEGER) : undefined;
    return { key: fromKey, at: at ?? Number.MIN_SAFE_INTEGER, seq: -1 };
  }

  #timeOf({ at, seq }: Place): number {
    return this.#content.kind === "session" ? at - seq : at;
  }
}

function placeOf(row: Place | undefined): Place | undefined {
  return row && { key: row.key, at: row.at, seq: row.seq };
}
