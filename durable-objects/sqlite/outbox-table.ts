import type { OutboxRow } from "../core/task/task-port.ts";
import { assert } from "../core/assert.ts";
import type { Bytes } from "../../schema/record.ts";

/** What waits for one target. Sequences inclusive; `last` is the newest, rows may be missing in between only for R2 paths. */
export interface Pending {
  readonly task: number;
  readonly target: string;
  readonly rows: number;
  readonly bytes: number;
  readonly records: number;
  readonly oldestMs: number;
  readonly first: number;
  readonly last: number;
}

export interface StoredRow {
  readonly sequence: number;
  readonly records: number;
  readonly body: Bytes;
}

export interface DecidedFile {
  readonly task: number;
  readonly target: string;
  readonly from: number;
  readonly to: number;
}

type Totals = [
  task: number,
  target: string,
  rows: number,
  bytes: number,
  records: number,
  oldestMs: number,
  first: number,
  last: number,
];

const TOTALS =
  "SELECT task, target, count(*), sum(length(body)), sum(records), min(created_ms), min(sequence), max(sequence) FROM outbox";

/**
 * Undelivered rows with their totals in memory. Sequences are dense from 1 per (task, scope); the scope of a target is
 * given by the caller (all paths of an R2 sink share one). Writes belong inside the transaction of what caused them; after
 * one that was rolled back the owner makes a new OutboxTable.
 */
export class OutboxTable {
  readonly #sql: SqlStorage;
  readonly #pending = new Map<string, Pending>();
  readonly #issued = new Map<string, number>();
  readonly #files = new Map<string, DecidedFile>();
  #bytes = 0;
  #rows = 0;

  constructor(sql: SqlStorage, scopeOf: (task: number, target: string) => string) {
    this.#sql = sql;
    for (const row of sql.exec<{ task: number; scope: string; last: number }>(
      "SELECT task, scope, last FROM delivered",
    )) {
      this.#issued.set(keyOf(row.task, row.scope), row.last);
    }
    const files = "SELECT task, target, from_sequence, to_sequence FROM file";
    for (const [task, target, from, to] of sql.exec(files).raw<[number, string, number, number]>()) {
      this.#files.set(keyOf(task, target), { task, target, from, to });
    }
    for (const row of sql.exec(`${TOTALS} GROUP BY task, target`).raw<Totals>()) {
      const { task, target, last } = this.#put(pendingOf(row));
      const scope = keyOf(task, scopeOf(task, target));
      this.#issued.set(scope, Math.max(this.#issued.get(scope) ?? 0, last));
    }
  }

  get bytes(): number {
    return this.#bytes;
  }

  get empty(): boolean {
    return this.#rows === 0;
  }

  pending(task?: number): Pending[] {
    return [...this.#pending.values()].filter((entry) => task === undefined || entry.task === task);
  }

  pendingOf(task: number, target: string): Pending | undefined {
    return this.#pending.get(keyOf(task, target));
  }

  add(task: number, scope: string, row: OutboxRow & { readonly nowMs: number }): void {
    const issued = keyOf(task, scope);
    const sequence = (this.#issued.get(issued) ?? 0) + 1;
    this.#sql.exec(
      "INSERT INTO outbox (task, target, sequence, records, created_ms, body) VALUES (?, ?, ?, ?, ?, ?)",
      task,
      row.target,
      sequence,
      row.records,
      row.nowMs,
      row.body,
    );
    this.#issued.set(issued, sequence);
    const before = this.#pending.get(keyOf(task, row.target));
    this.#put({
      task,
      target: row.target,
      rows: (before?.rows ?? 0) + 1,
      bytes: (before?.bytes ?? 0) + row.body.byteLength,
      records: (before?.records ?? 0) + row.records,
      oldestMs: Math.min(before?.oldestMs ?? row.nowMs, row.nowMs),
      first: before?.first ?? sequence,
      last: sequence,
    });
  }

  /** Rows of a target in sequence order, at least one, up to `maxBytes` and sequence `to`. */
  rows(task: number, target: string, bounds: { maxBytes: number; to?: number | undefined }): StoredRow[] {
    // One row a query: a cursor left in the middle locks every DROP TABLE of the database until it is collected.
    const query = `SELECT sequence, records, body FROM outbox
      WHERE task = ? AND target = ? AND sequence > ? AND sequence <= ? ORDER BY sequence LIMIT 1`;
    const to = bounds.to ?? Number.MAX_SAFE_INTEGER;
    const rows: StoredRow[] = [];
    for (let bytes = 0, after = 0; ;) {
      const row = this.#sql.exec(query, task, target, after, to).raw<[number, number, ArrayBuffer]>().next().value;
      if (row === undefined) return rows;
      const [sequence, records, body] = row;
      bytes += body.byteLength;
      if (rows.length > 0 && bytes > bounds.maxBytes) return rows;
      rows.push({ sequence, records, body: new Uint8Array(body) });
      after = sequence;
    }
  }

  /** Removes a target's rows up to `to` once their delivery is confirmed. */
  removeThrough(task: number, target: string, at: { scope: string; to: number }): void {
    this.#sql.exec("DELETE FROM outbox WHERE task = ? AND target = ? AND sequence <= ?", task, target, at.to);
    this.#sql.exec(
      "INSERT INTO delivered (task, scope, last) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET last = max(last, excluded.last)",
      task,
      at.scope,
      at.to,
    );
    this.#recount(task, target);
  }

  /** Part of a row, or all, was refused for good: it goes on as what remains, under its sequence. */
  replace(task: number, target: string, row: StoredRow): void {
    const query = "UPDATE outbox SET body = ?, records = ? WHERE task = ? AND target = ? AND sequence = ?";
    this.#sql.exec(query, row.body, row.records, task, target, row.sequence);
    this.#recount(task, target);
  }

  file(task: number, target: string): DecidedFile | undefined {
    return this.#files.get(keyOf(task, target));
  }

  /** Decides that the rows waiting now are one object; nothing when one is decided already, or no row waits. */
  decideFile(task: number, target: string): void {
    const key = keyOf(task, target);
    if (this.#files.has(key)) return;
    const query = `INSERT INTO file (task, target, from_sequence, to_sequence)
      SELECT task, target, min(sequence), max(sequence) FROM outbox WHERE task = ? AND target = ? GROUP BY task, target
      RETURNING from_sequence, to_sequence`;
    const row = this.#sql.exec(query, task, target).raw<[number, number]>().next().value;
    if (row !== undefined) this.#files.set(key, { task, target, from: row[0], to: row[1] });
  }

  removeFile(task: number, target: string): void {
    if (!this.#files.delete(keyOf(task, target))) return;
    this.#sql.exec("DELETE FROM file WHERE task = ? AND target = ?", task, target);
  }

  /** Takes back what waits for a target: nobody wants it any more. */
  drop(task: number, target: string): void {
    this.#sql.exec("DELETE FROM outbox WHERE task = ? AND target = ?", task, target);
    this.#forget(keyOf(task, target));
  }

  /** Forgets a task that was detached. */
  removeTask(task: number): void {
    for (const table of ["outbox", "file", "delivered"]) this.#sql.exec(`DELETE FROM ${table} WHERE task = ?`, task);
    for (const { target } of this.pending(task)) this.#forget(keyOf(task, target));
    for (const known of [this.#issued, this.#files]) {
      for (const key of known.keys()) if (key.startsWith(keyOf(task, ""))) known.delete(key);
    }
  }

  #recount(task: number, target: string): void {
    const query = `${TOTALS} WHERE task = ? AND target = ? GROUP BY task, target`;
    const row = this.#sql.exec(query, task, target).raw<Totals>().next().value;
    if (row === undefined) this.#forget(keyOf(task, target));
    else this.#put(pendingOf(row));
  }

  #put(entry: Pending): Pending {
    const key = keyOf(entry.task, entry.target);
    this.#forget(key);
    this.#pending.set(key, entry);
    this.#bytes += entry.bytes;
    this.#rows += entry.rows;
    return entry;
  }

  #forget(key: string): void {
    const entry = this.#pending.get(key);
    if (entry === undefined) return;
    this.#pending.delete(key);
    this.#bytes -= entry.bytes;
    this.#rows -= entry.rows;
    assert(this.#bytes >= 0 && this.#rows >= 0, "outbox totals never fall below nothing");
  }
}

function pendingOf([task, target, rows, bytes, records, oldestMs, first, last]: Totals): Pending {
  return { task, target, rows, bytes, records, oldestMs, first, last };
}

function keyOf(task: number, name: string): string {
  return `${task} ${name}`;
}
