import { resultText } from "../operator/result-payload.ts";
import { type SlotWindows, slotsOf, type WindowSlots } from "../operator/window-slots.ts";
import type { WindowRow } from "../store/state-store.ts";
import type { ViewParts } from "./key-value-view.ts";
import type { GoneRow, Place, RowIdentity, ShownRow, StoredRow, View, ViewPage, ViewQuery } from "./view.ts";
import { holdsKey, soleKey } from "./view.ts";

/** Windows by slot, then key: tumbling, hopping, cumulative and unlimited ones. */
export class SlotView implements View {
  readonly order = "time";
  readonly #parts: ViewParts;
  readonly #slots: WindowSlots;

  constructor(parts: ViewParts, windows: SlotWindows) {
    this.#parts = parts;
    this.#slots = slotsOf(windows, undefined);
  }

  scan(query: ViewQuery): ViewPage {
    const { limit, after, fromMs = -Infinity, toMs = Infinity } = query;
    const slots = this.#slots.starting(fromMs, toMs);
    const key = soleKey(query);
    if (key !== undefined) return this.#ofKey(key, slots, query);
    const place = after === undefined ? undefined : { start: after.at, key: after.key };
    const { store, name } = this.#parts;
    const found = store.scanWindows(name, { fromStart: slots.fromMs, after: place }, limit);
    const inTime = found.filter(({ start }) => start <= slots.toMs);
    const rows = inTime.filter((row) => holdsKey(query, row.key)).map((row) => this.show(storedOf(row)));
    const last = found.at(-1);
    const ended = found.length < limit || inTime.length < found.length || last === undefined;
    return { rows, next: ended ? undefined : { key: last.key, at: last.start, seq: 0 } };
  }

  at({ key, at }: Place): ShownRow | undefined {
    const value = this.#parts.store.getWindow(this.#parts.name, at, key);
    return value && this.show({ key, at, seq: 0, ...value });
  }

  show({ key, at, value, timestampMs }: StoredRow): ShownRow {
    const { start, end } = this.#slots.keyOf(key, at);
    return { key, start, end, value: resultText(value, this.#parts.result), timestampMs, place: { key, at, seq: 0 } };
  }

  identify({ key, at }: GoneRow): RowIdentity {
    const { start, end } = this.#slots.keyOf(key, at);
    return { key, start, end };
  }

  #ofKey(key: string, slots: { readonly fromMs: number; readonly toMs: number }, query: ViewQuery): ViewPage {
    const { after, limit } = query;
    const fromMs = after === undefined ? slots.fromMs : Math.max(slots.fromMs, after.at + 1);
    const found = this.#parts.store.windowsOfKey(this.#parts.name, key, { fromMs, toMs: slots.toMs, limit });
    const rows = found.map((row) => this.show(storedOf(row)));
    return { rows, next: found.length < limit ? undefined : rows.at(-1)?.place };
  }
}

function storedOf({ start, ...row }: WindowRow): StoredRow {
  return { ...row, at: start, seq: 0 };
}
