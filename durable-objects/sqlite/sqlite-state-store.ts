import { assert } from "../core/assert.ts";
import type { KeyRow, RowChange, StateStore, StoredValue, StoreKind, WindowRow } from "../core/store/state-store.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const EMPTY = new Uint8Array(0);

/** A parameter ends at 2 MB, and a character may be six in JSON (`\\u0000`). */
const MAX_CHUNK_CHARACTERS = 150_000;
const PUT_KEYS = `INSERT OR REPLACE INTO key_value (store, key, timestamp, value)
  SELECT ?, CAST(value ->> 1 AS BLOB), value ->> 2, value ->> 3 FROM json_each(?)`;
const PUT_WINDOWS = `INSERT OR REPLACE INTO window_state (store, start, key, timestamp, value)
  SELECT ?, value ->> 0, CAST(value ->> 1 AS BLOB), value ->> 2, value ->> 3 FROM json_each(?)`;

type ValueRow = [timestamp: number, value: string];
type Key = [key: ArrayBuffer, ...ValueRow];
type Window = [start: number, ...Key];

/** One task's stores in the tables `key_value` and `window_state`. Keys are BLOBs, so SQLite compares them as bytes (STO-2). */
export class SqliteStateStore implements StateStore {
  readonly #sql: SqlStorage;
  readonly #task: number;
  readonly #ids = new Map<string, { readonly id: number; readonly kind: StoreKind }>();

  constructor(sql: SqlStorage, task: number) {
    this.#sql = sql;
    this.#task = task;
    for (const row of sql.exec<{ id: number; name: string; kind: StoreKind }>(
      "SELECT id, name, kind FROM store WHERE task = ?",
      task,
    )) {
      this.#ids.set(row.name, { id: row.id, kind: row.kind });
    }
  }

  open(store: string, kind: StoreKind): void {
    const known = this.#ids.get(store);
    if (known !== undefined) {
      assert(known.kind === kind, `store ${store} is of kind ${known.kind}`);
      return;
    }
    const query = "INSERT INTO store (task, name, kind) VALUES (?, ?, ?) RETURNING id";
    this.#ids.set(store, { id: this.#sql.exec<{ id: number }>(query, this.#task, store, kind).one().id, kind });
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

  scan(store: string, after: string | undefined, limit: number): readonly KeyRow[] {
    const from = after === undefined ? EMPTY : encoder.encode(after);
    const query = `SELECT key, timestamp, value FROM key_value WHERE store = ? AND key ${after === undefined ? ">=" : ">"} ? ORDER BY key LIMIT ?`;
    return [...this.#sql.exec(query, this.#id(store), from, limit).raw<Key>()].map(keyRow);
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
    const { id, kind } = this.#known(store);
    const query = kind === "window" ? PUT_WINDOWS : PUT_KEYS;
    let chunk: [start: number, key: string, timestampMs: number, value: string][] = [];
    let characters = 0;
    const write = (): void => {
      if (chunk.length > 0) this.#sql.exec(query, id, JSON.stringify(chunk));
      chunk = [];
      characters = 0;
    };
    for (const { start, key, value } of rows) {
      if (value === undefined || value.value.length > MAX_CHUNK_CHARACTERS || key.includes("\0")) {
        if (kind === "window") this.putWindow(store, start, key, value);
        else this.put(store, key, value);
        continue;
      }
      chunk.push([start, key, value.timestampMs, value.value]);
      characters += key.length + value.value.length;
      if (characters > MAX_CHUNK_CHARACTERS) write();
    }
    write();
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
    for (let from = range.fromMs; found.length < range.limit;) {
      const start = this.#sql.exec(nextStart, this.#id(store), from, range.toMs).raw<[number]>().next().value?.[0];
      if (start === undefined) break;
      const value = this.getWindow(store, start, key);
      if (value !== undefined) found.push({ start, key, ...value });
      from = start + 1;
    }
    return found;
  }

  scanWindows(store: string, after: { start: number; key: string } | undefined, limit: number): readonly WindowRow[] {
    const id = this.#id(store);
    const columns = "SELECT start, key, timestamp, value FROM window_state WHERE store = ?";
    const rows =
      after === undefined
        ? this.#sql.exec(`${columns} ORDER BY start, key LIMIT ?`, id, limit)
        : this.#sql.exec(
            `${columns} AND (start, key) > (?, ?) ORDER BY start, key LIMIT ?`,
            id,
            after.start,
            encoder.encode(after.key),
            limit,
          );
    return [...rows.raw<Window>()].map(([start, ...row]) => ({ start, ...keyRow(row) }));
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
    return this.#known(store).id;
  }

  #known(store: string): { readonly id: number; readonly kind: StoreKind } {
    const known = this.#ids.get(store);
    assert(known !== undefined, `store ${store} was not opened`);
    return known;
  }
}

function valueOf(row: ValueRow | undefined): StoredValue | undefined {
  return row === undefined ? undefined : { timestampMs: row[0], value: row[1] };
}

function keyRow([key, timestampMs, value]: Key): KeyRow {
  return { key: decoder.decode(key), timestampMs, value };
}
