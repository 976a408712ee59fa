import type {
  AtRange,
  OrderedChange,
  OrderedItem,
  OrderedOptions,
  OrderedPlace,
  OrderedRow,
  OrderedRows,
} from "../store/ordered-rows.ts";
import type {
  KeyRange,
  KeyRow,
  RowChange,
  StateStore,
  StoredValue,
  StoreKind,
  WindowRange,
  WindowRow,
} from "../store/state-store.ts";
import type { ChangeRecorder } from "./change-recorder.ts";

const ROWS_AT_ONCE = 1_000;

/** A StateStore of which a recorder is told what changes in the stores that it watches. Only used where it watches some. */
export class RecordedStore implements StateStore {
  readonly ordered: OrderedRows;
  readonly #store: StateStore;
  readonly #recorder: ChangeRecorder;

  constructor(store: StateStore, recorder: ChangeRecorder) {
    this.#store = store;
    this.#recorder = recorder;
    this.ordered = new RecordedOrderedRows(store.ordered, recorder);
  }

  open(store: string, kind: StoreKind, ordered?: OrderedOptions): void {
    this.#store.open(store, kind, ordered);
  }

  get(store: string, key: string): StoredValue | undefined {
    return this.#store.get(store, key);
  }

  put(store: string, key: string, value: StoredValue | undefined): void {
    this.#record(store, { key, start: 0, value });
    this.#store.put(store, key, value);
  }

  scan(store: string, range: KeyRange | undefined, limit: number): readonly KeyRow[] {
    return this.#store.scan(store, range, limit);
  }

  getWindow(store: string, start: number, key: string): StoredValue | undefined {
    return this.#store.getWindow(store, start, key);
  }

  // oxlint-disable-next-line max-params -- the port's
  putWindow(store: string, start: number, key: string, value: StoredValue | undefined): void {
    this.#record(store, { key, start, value });
    this.#store.putWindow(store, start, key, value);
  }

  hasWindow(store: string, start: number): boolean {
    return this.#store.hasWindow(store, start);
  }

  putMany(store: string, rows: readonly RowChange[]): void {
    if (this.#recorder.watches(store)) for (const row of rows) this.#record(store, row);
    this.#store.putMany(store, rows);
  }

  windowsOfKey(
    store: string,
    key: string,
    range: { fromMs: number; toMs: number; limit: number },
  ): readonly WindowRow[] {
    return this.#store.windowsOfKey(store, key, range);
  }

  lastStart(store: string): number | undefined {
    return this.#store.lastStart(store);
  }

  scanWindows(store: string, range: WindowRange | undefined, limit: number): readonly WindowRow[] {
    return this.#store.scanWindows(store, range, limit);
  }

  expireWindows(store: string, beforeMs: number): number {
    if (this.#recorder.watches(store)) this.#recordExpired(store, beforeMs);
    return this.#store.expireWindows(store, beforeMs);
  }

  #record(store: string, { key, start, value }: RowChange): void {
    if (!this.#recorder.watches(store)) return;
    const place = { key, at: start, seq: 0 };
    if (value === undefined) this.#recorder.gone(store, place, 0);
    else this.#recorder.put(store, place, value);
  }

  #recordExpired(store: string, beforeMs: number): void {
    for (let after: WindowRange["after"]; ;) {
      const rows = this.#store.scanWindows(store, { after }, ROWS_AT_ONCE);
      for (const row of rows) {
        if (row.start >= beforeMs) return;
        this.#recorder.gone(store, { key: row.key, at: row.start, seq: 0 }, row.timestampMs);
      }
      after = rows.at(-1);
      if (rows.length < ROWS_AT_ONCE) return;
    }
  }
}

class RecordedOrderedRows implements OrderedRows {
  readonly #rows: OrderedRows;
  readonly #recorder: ChangeRecorder;

  constructor(rows: OrderedRows, recorder: ChangeRecorder) {
    this.#rows = rows;
    this.#recorder = recorder;
  }

  bucketMs(store: string): number {
    return this.#rows.bucketMs(store);
  }

  buckets(store: string): readonly number[] {
    return this.#rows.buckets(store);
  }

  get(store: string, place: OrderedPlace): StoredValue | undefined {
    return this.#rows.get(store, place);
  }

  range(store: string, key: string, range: AtRange): readonly OrderedItem[] {
    return this.#rows.range(store, key, range);
  }

  scan(store: string, after: OrderedPlace | undefined, limit: number): readonly OrderedRow[] {
    return this.#rows.scan(store, after, limit);
  }

  rowsBefore(store: string, beforeAt: number): readonly OrderedRow[] {
    return this.#rows.rowsBefore(store, beforeAt);
  }

  putMany(store: string, rows: readonly OrderedChange[]): void {
    if (this.#recorder.watches(store)) for (const row of rows) this.#record(store, row);
    this.#rows.putMany(store, rows);
  }

  expire(store: string, beforeAt: number): number {
    if (this.#recorder.watches(store)) {
      for (const row of this.#rows.rowsBefore(store, beforeAt)) this.#recorder.gone(store, row, row.timestampMs);
    }
    return this.#rows.expire(store, beforeAt);
  }

  /** A row whose time tells it apart is another row at another time. */
  #record(store: string, change: OrderedChange): void {
    const { value } = change;
    const timed = this.#recorder.timed(store);
    const before = timed || value === undefined ? this.#rows.get(store, change) : undefined;
    if (before !== undefined && (value === undefined || value.timestampMs !== before.timestampMs))
      this.#recorder.gone(store, change, before.timestampMs);
    if (value !== undefined) this.#recorder.put(store, change, value);
  }
}
