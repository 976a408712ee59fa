import type { RingPlace, RingRow, RingRows } from "../core/subscribe/change-ring.ts";

/** Rows of one store: `store * ROWS < id < (store + 1) * ROWS`. */
const ROWS = 2 ** 32;

/** A store whose changes are kept for those that follow it. */
export interface SubscriptionRow {
  readonly store: string;
  /** Of the store. */
  readonly id: number;
  /** When it began: the rings of two subscriptions of one store are told apart by it. */
  readonly beganMs: number;
  /** Until when somebody is taken to follow. */
  readonly untilMs: number;
}

type Row = { id: number; name: string; began_ms: number; until_ms: number };

/** Rows of `subscription` and `change` of one task. */
export class SubscriptionTable {
  readonly #sql: SqlStorage;
  readonly #task: number;

  constructor(sql: SqlStorage, task: number) {
    this.#sql = sql;
    this.#task = task;
  }

  all(): readonly SubscriptionRow[] {
    const query = `SELECT store.id, store.name, began_ms, until_ms FROM subscription
      JOIN store ON store.id = subscription.store WHERE store.task = ?`;
    return this.#sql
      .exec<Row>(query, this.#task)
      .toArray()
      .map(({ id, name, began_ms, until_ms }) => ({ id, store: name, beganMs: began_ms, untilMs: until_ms }));
  }

  begin(store: string, { beganMs, untilMs }: { readonly beganMs: number; readonly untilMs: number }): void {
    const query = `INSERT INTO subscription (store, began_ms, until_ms)
      SELECT id, ?, ? FROM store WHERE task = ? AND name = ?`;
    this.#sql.exec(query, beganMs, untilMs, this.#task, store);
  }

  renew(id: number, untilMs: number): void {
    this.#sql.exec("UPDATE subscription SET until_ms = ? WHERE store = ?", untilMs, id);
  }

  end(id: number): void {
    this.#sql.exec("DELETE FROM subscription WHERE store = ?", id);
    this.#sql.exec("DELETE FROM change WHERE id > ? AND id < ?", id * ROWS, (id + 1) * ROWS);
  }

  ring(id: number): RingRows {
    return new RingTable(this.#sql, id * ROWS);
  }
}

const PLACE = "SELECT id, begin_bytes, bytes FROM change WHERE id > ? AND id < ?";

/** The rows whose ids lie in `(base, base + ROWS)`. */
class RingTable implements RingRows {
  readonly #sql: SqlStorage;
  readonly #base: number;

  constructor(sql: SqlStorage, base: number) {
    this.#sql = sql;
    this.#base = base;
  }

  first(): RingPlace | undefined {
    return this.#place(`${PLACE} ORDER BY id LIMIT 1`);
  }

  last(): RingPlace | undefined {
    return this.#place(`${PLACE} ORDER BY id DESC LIMIT 1`);
  }

  append({ seq, position, beginBytes, bytes, text }: RingRow): void {
    const query = "INSERT INTO change (id, position, begin_bytes, bytes, body) VALUES (?, ?, ?, ?, ?)";
    this.#sql.exec(query, this.#base + seq, position, beginBytes, bytes, text);
  }

  after(seq: number, maxBytes: number): readonly Pick<RingRow, "seq" | "position" | "text">[] {
    const rows: Pick<RingRow, "seq" | "position" | "text">[] = [];
    const query = "SELECT id, position, bytes, body FROM change WHERE id > ? AND id < ? ORDER BY id LIMIT 1";
    for (let last = seq, taken = 0; taken < maxBytes;) {
      const found = this.#sql.exec(query, this.#base + last, this.#base + ROWS);
      const row = found.raw<[number, number, number, string]>().next().value;
      if (row === undefined) return rows;
      last = row[0] - this.#base;
      rows.push({ seq: last, position: row[1], text: row[3] });
      taken += row[2];
    }
    return rows;
  }

  /** From the front: rows lie in the order in which they began. */
  trim(beforeBytes: number): void {
    for (;;) {
      const first = this.first();
      if (first === undefined || first.beginBytes >= beforeBytes) return;
      this.#sql.exec("DELETE FROM change WHERE id = ?", this.#base + first.seq);
    }
  }

  #place(query: string): RingPlace | undefined {
    const row = this.#sql
      .exec(query, this.#base, this.#base + ROWS)
      .raw<[number, number, number]>()
      .next().value;
    return row === undefined ? undefined : { seq: row[0] - this.#base, beginBytes: row[1], bytes: row[2] };
  }
}
