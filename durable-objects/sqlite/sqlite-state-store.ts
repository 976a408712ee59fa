import { assert } from "../core/assert.ts";
import { compareKeys } from "../core/store/key-order.ts";
import type { OrderedOptions } from "../core/store/ordered-rows.ts";
import type {
  KeyRange,
  KeyRow,
  RowChange,
  StateStore,
  StoredValue,
  StoreKind,
  WindowRange,
  WindowRow,
} from "../core/store/state-store.ts";
import { fitsSlice, jsonSlices } from "./json-slices.ts";
import { SqliteOrderedRows } from "./sqlite-ordered-rows.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const PUT_KEYS = `INSERT OR REPLACE INTO key_value (store, key, timestamp, value)
  SELECT ?, CAST(value ->> 1 AS BLOB), value ->> 2, value ->> 3 FROM json_each(?)`;
const PUT_WINDOWS = `INSERT OR REPLACE INTO window_state (store, start, key, timestamp, value)
  SELECT ?, value ->> 0, CAST(value ->> 1 AS BLOB), value ->> 2, value ->> 3 FROM json_each(?)`;

const REMOVE_KEYS = `DELETE FROM key_value WHERE (store, key) IN
  (SELECT ?, CAST(value ->> 1 AS BLOB) FROM json_each(?))`;
const REMOVE_WINDOWS = `DELETE FROM window_state WHERE (store, start, key) IN
  (SELECT ?, value ->> 0, CAST(value ->> 1 AS BLOB) FROM json_each(?))`;

type ValueRow = [timestamp: number, value: string];
type Key = [key: ArrayBuffer, ...ValueRow];
type Window = [start: number, ...Key];

interface StoreRow extends Record<string, string | number | null> {
  id: number;
  kind: StoreKind;
  bucket_ms: number | null;
}

/** One task's stores in the tables `key_value`, `window_state` and `ordered_state`. Keys are BLOBs, so SQLite compares them as bytes (STO-2). */
export class SqliteStateStore implements StateStore {
  readonly #sql: SqlStorage;
  readonly #task: number;
  readonly #ids = new Map<string, StoreRow>();
  readonly #ordered: SqliteOrderedRows;

  constructor(sql: SqlStorage, task: number) {
    this.#sql = sql;
    this.#task = task;
    this.#ordered = new SqliteOrderedRows(sql);
    const query = "SELECT id, name, kind, bucket_ms FROM store WHERE task = ?";
    for (const row of sql.exec<StoreRow & { name: string }>(query, task)) this.#know(row.name, row);
  }

  get ordered(): SqliteOrderedRows {
    return this.#ordered;
  }

  open(store: string, kind: StoreKind, ordered: OrderedOptions = { bucketMs: 0 }): void {
    const known = this.#ids.get(store);
    assert(known === undefined || known.kind === kind, `store ${store} is of kind ${known?.kind}`);
    if (known === undefined) {
      const bucketMs = kind === "ordered" ? ordered.bucketMs : null;
      const query = "INSERT INTO store (task, name, kind, bucket_ms) VALUES (?, ?, ?, ?) RETURNING id, kind, bucket_ms";
      this.#know(store, this.#sql.exec<StoreRow>(query, this.#task, store, kind, bucketMs).one());
    }
    if (kind === "ordered") this.#ordered.expireTo(store, ordered.expiredBefore ?? -Infinity);
  }

  get(store: string, key: string): StoredValue | undefined {
    const query = "SELECT timestamp, value FROM key_value WHERE store = ? AND key = ?";
    return valueOf(this.#sql.exec(query, this.#id(store), encoder.encode(key)).raw<ValueRow>().next().value);
  }

  put(store: string, key: string, value: StoredValue | undefined): void {
    const at = [this.#id(store), encoder.encode(key)] as const;
    if (value === undefined) this.#sql.exec("DELETE FROM key_value WHERE store = ? AND key = ?", ...at);
    else {
      const query = "INSERT OR REPLACE INTO key_value (store, key, timestamp, value) VALUES (?, ?, ?, ?)";
      this.#sql.exec(query, ...at, value.timestampMs, value.value);
    }
  }

  scan(store: string, range: KeyRange | undefined, limit: number): readonly KeyRow[] {
    const { from = "", after, to } = range ?? {};
    const paged = after !== undefined && compareKeys(after, from) >= 0;
    const lower = paged ? "key > ?" : "key >= ?";
    const upper = to === undefined ? "" : "AND key < ?";
    const query = `SELECT key, timestamp, value FROM key_value WHERE store = ? AND ${lower} ${upper} ORDER BY key LIMIT ?`;
    const bounds = [encoder.encode(paged ? after : from), ...(to === undefined ? [] : [encoder.encode(to)])];
    return [...this.#sql.exec(query, this.#id(store), ...bounds, most(limit)).raw<Key>()].map(keyRow);
  }

  getWindow(store: string, start: number, key: string): StoredValue | undefined {
    const query = "SELECT timestamp, value FROM window_state WHERE store = ? AND start = ? AND key = ?";
    return valueOf(this.#sql.exec(query, this.#id(store), start, encoder.encode(key)).raw<ValueRow>().next().value);
  }

  // oxlint-disable-next-line max-params -- the port's
  putWindow(store: string, start: number, key: string, value: StoredValue | undefined): void {
    const at = [this.#id(store), start, encoder.encode(key)] as const;
    if (value === undefined)
      this.#sql.exec("DELETE FROM window_state WHERE store = ? AND start = ? AND key = ?", ...at);
    else {
      const query = "INSERT OR REPLACE INTO window_state (store, start, key, timestamp, value) VALUES (?, ?, ?, ?, ?)";
      this.#sql.exec(query, ...at, value.timestampMs, value.value);
    }
  }

  hasWindow(store: string, start: number): boolean {
    const query = "SELECT 1 FROM window_state WHERE store = ? AND start = ? LIMIT 1";
    return this.#sql.exec(query, this.#id(store), start).toArray().length > 0;
  }

  /** Many rows in one statement, as JSON: a quarter of the time of a statement each. */
  putMany(store: string, rows: readonly RowChange[]): void {
    const { id, kind } = this.#store(store);
    const windowed = kind === "window";
    const removed: (string | number)[][] = [];
    const put: (string | number)[][] = [];
    for (const { start, key, value } of rows) {
      if (value === undefined) removed.push([start, key]);
      else if (fitsSlice(key, value.value)) put.push([start, key, value.timestampMs, value.value]);
      else if (windowed) this.putWindow(store, start, key, value);
      else this.put(store, key, value);
    }
    for (const slice of jsonSlices(removed)) this.#sql.exec(windowed ? REMOVE_WINDOWS : REMOVE_KEYS, id, slice);
    for (const slice of jsonSlices(put)) this.#sql.exec(windowed ? PUT_WINDOWS : PUT_KEYS, id, slice);
  }

  /** Rows lie by (start, key), so this steps from one existing start to the next: two look-ups a window. */
  windowsOfKey(
    store: string,
    key: string,
    range: { fromMs: number; toMs: number; limit: number },
  ): readonly WindowRow[] {
    const found: WindowRow[] = [];
    const nextStart =
      "SELECT start FROM window_state WHERE store = ? AND start >= ? AND start <= ? ORDER BY start LIMIT 1";
    for (let from = Math.max(range.fromMs, Number.MIN_SAFE_INTEGER); found.length < range.limit;) {
      const start = this.#sql.exec(nextStart, this.#id(store), from, range.toMs).raw<[number]>().next().value?.[0];
      if (start === undefined) break;
      const value = this.getWindow(store, start, key);
      if (value !== undefined) found.push({ start, key, ...value });
      from = start + 1;
    }
    return found;
  }

  lastStart(store: string): number | undefined {
    const query = "SELECT start FROM window_state WHERE store = ? ORDER BY start DESC LIMIT 1";
    return this.#sql.exec(query, this.#id(store)).raw<[number]>().next().value?.[0];
  }

  scanWindows(store: string, range: WindowRange | undefined, limit: number): readonly WindowRow[] {
    const { fromStart = Number.MIN_SAFE_INTEGER, after, maxCharacters = Infinity } = range ?? {};
    const paged = after !== undefined && after.start >= fromStart;
    const lower = paged ? "(start, key) > (?, ?)" : "start >= ?";
    const query = `SELECT start, key, timestamp, value FROM window_state
      WHERE store = ? AND ${lower} ORDER BY start, key LIMIT ?`;
    const bounds = paged ? [after.start, encoder.encode(after.key)] : [Math.max(fromStart, Number.MIN_SAFE_INTEGER)];
    const rows: WindowRow[] = [];
    let characters = 0;
    for (const [start, ...row] of this.#sql.exec(query, this.#id(store), ...bounds, most(limit)).raw<Window>()) {
      rows.push({ start, ...keyRow(row) });
      characters += row[2].length;
      if (characters > maxCharacters) break;
    }
    return rows;
  }

  expireWindows(store: string, beforeMs: number): number {
    const first = this.#sql
      .exec("SELECT start FROM window_state WHERE store = ? ORDER BY start LIMIT 1", this.#id(store))
      .raw<[number]>();
    const start = first.next().value?.[0];
    if (start === undefined || start >= beforeMs) return 0;
    const query = "DELETE FROM window_state WHERE store = ? AND start < ?";
    return this.#sql.exec(query, this.#id(store), beforeMs).rowsWritten;
  }

  #id(store: string): number {
    return this.#store(store).id;
  }

  #store(store: string): StoreRow {
    const known = this.#ids.get(store);
    assert(known !== undefined, `store ${store} was not opened`);
    return known;
  }

  #know(store: string, row: StoreRow): void {
    this.#ids.set(store, row);
    if (row.kind === "ordered") this.#ordered.open(store, row.id, row.bucket_ms ?? 0);
  }
}

function valueOf(row: ValueRow | undefined): StoredValue | undefined {
  return row === undefined ? undefined : { timestampMs: row[0], value: row[1] };
}

function keyRow([key, timestampMs, value]: Key): KeyRow {
  return { key: decoder.decode(key), timestampMs, value };
}

/** SQLite's LIMIT has no infinity. */
function most(limit: number): number {
  return Math.min(limit, Number.MAX_SAFE_INTEGER);
}
