import { MAX_SLICE_BYTES } from "../../schema/limits.ts";
import type { OutboxRow } from "../core/task/task-port.ts";
import { withoutProducer } from "../../schema/record-batch/copy.ts";
import type { Bytes } from "../../schema/record.ts";
import { release } from "../bytes.ts";
import { OutboxQueue, type Pending, type QueuedRow } from "./outbox-queue.ts";

/** As much as a slice usually sends. */
const MAX_HELD_BYTES = MAX_SLICE_BYTES;

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

type Row = [
  id: number,
  task: number,
  target: string,
  sequence: number,
  records: number,
  createdMs: number,
  copyOf: number | null,
  bytes: number,
];

const NO_BODY = new Uint8Array(0);

/**
 * Undelivered rows: their bodies on disk, all else in memory too, so that a row is found by its id. A search by task and
 * target would read the bodies on its way, a megabyte each: SQLite compares whole keys of a table WITHOUT ROWID, and of
 * a row that goes on in other pages it reads all before it compares. A body that is a batch of this log is not written
 * again: the row names the batch, which the log keeps until the row has left (OUT-9). Sequences are dense from 1 per
 * (task, scope); the scope of a target is given by the caller (all paths of an R2 sink share one). Writes belong inside the
 * transaction of what caused them; after one that was rolled back the owner makes a new OutboxTable.
 */
export class OutboxTable {
  readonly #sql: SqlStorage;
  readonly #queues = new Map<string, OutboxQueue>();
  readonly #issued = new Map<string, number>();
  readonly #files = new Map<string, DecidedFile>();
  /** Bodies that leave for a topic next, by id: most are sent right after their transaction, and need not be read back. */
  readonly #held = new Map<number, Bytes>();
  #heldBytes = 0;
  #bytes = 0;

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
    const rows = `SELECT id, task, target, sequence, records, created_ms, copy_of,
        CASE WHEN copy_of IS NULL THEN length(body) ELSE (SELECT size FROM batch WHERE base_offset = copy_of) END
      FROM outbox ORDER BY id`;
    for (const [id, task, target, sequence, records, createdMs, copyOf, bytes] of sql.exec(rows).raw<Row>()) {
      this.#queueOf(task, target).add({ id, sequence, records, bytes, createdMs, copyOf: copyOf ?? undefined });
      this.#bytes += bytes;
      const scope = keyOf(task, scopeOf(task, target));
      this.#issued.set(scope, Math.max(this.#issued.get(scope) ?? 0, sequence));
    }
  }

  get bytes(): number {
    return this.#bytes;
  }

  get empty(): boolean {
    return this.#queues.size === 0;
  }

  /** Up to here nobody needs the log for what waits; Infinity where no row is a copy of a batch of it. */
  get oldestCopy(): number {
    return Math.min(Infinity, ...Array.from(this.#queues.values(), ({ oldestCopy }) => oldestCopy));
  }

  pending(task?: number): Pending[] {
    const queues = [...this.#queues.values()].filter((queue) => task === undefined || queue.task === task);
    return queues.map(({ pending }) => pending);
  }

  pendingOf(task: number, target: string): Pending | undefined {
    return this.#queues.get(keyOf(task, target))?.pending;
  }

  /** Answers the sequence that the row got. The row's body is the outbox's from here on. */
  add(task: number, scope: string, row: OutboxRow & { readonly nowMs: number }): number {
    const issued = keyOf(task, scope);
    const sequence = (this.#issued.get(issued) ?? 0) + 1;
    const { id } = this.#sql
      .exec<{ id: number }>(
        "INSERT INTO outbox (task, target, sequence, records, created_ms, copy_of, body) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
        task,
        row.target,
        sequence,
        row.records,
        row.nowMs,
        row.copyOf ?? null,
        row.copyOf === undefined ? row.body : NO_BODY,
      )
      .one();
    this.#issued.set(issued, sequence);
    const { records, nowMs: createdMs, copyOf } = row;
    const bytes = row.body.byteLength;
    this.#queueOf(task, row.target).add({ id, sequence, records, bytes, createdMs, copyOf });
    this.#bytes += bytes;
    this.#hold(id, row);
    return sequence;
  }

  /** Rows of a target in sequence order, at least one, up to `maxBytes` and sequence `to`. */
  rows(task: number, target: string, bounds: { maxBytes: number; to?: number | undefined }): StoredRow[] {
    const { maxBytes, to = Number.MAX_SAFE_INTEGER } = bounds;
    const rows: StoredRow[] = [];
    let sum = 0;
    for (const row of this.#queues.get(keyOf(task, target))?.rows ?? []) {
      const { sequence, records } = row;
      sum += row.bytes;
      if (sequence > to || (rows.length > 0 && sum > maxBytes)) break;
      rows.push({ sequence, records, body: this.#held.get(row.id) ?? this.#read(row) });
    }
    return rows;
  }

  /** Removes a target's rows up to `to` once their delivery is confirmed. */
  removeThrough(task: number, target: string, at: { scope: string; to: number }): void {
    this.#remove(this.#queues.get(keyOf(task, target)), at.to);
    this.#sql.exec(
      "INSERT INTO delivered (task, scope, last) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET last = max(last, excluded.last)",
      task,
      at.scope,
      at.to,
    );
  }

  /** Part of a row, or all, was refused for good: it goes on as what remains, under its sequence. */
  replace(task: number, target: string, row: StoredRow): void {
    const queue = this.#queueOf(task, target);
    this.#bytes -= queue.bytes;
    const id = queue.replace(row.sequence, { records: row.records, bytes: row.body.byteLength });
    this.#bytes += queue.bytes;
    this.#letGo(id);
    this.#sql.exec("UPDATE outbox SET body = ?, records = ?, copy_of = NULL WHERE id = ?", row.body, row.records, id);
  }

  file(task: number, target: string): DecidedFile | undefined {
    return this.#files.get(keyOf(task, target));
  }

  /** Decides that the rows waiting now are one object; nothing when one is decided already, or no row waits. */
  decideFile(task: number, target: string): void {
    const key = keyOf(task, target);
    const waiting = this.#queues.get(key)?.pending;
    if (waiting === undefined || this.#files.has(key)) return;
    const { first: from, last: to } = waiting;
    this.#sql.exec(
      "INSERT INTO file (task, target, from_sequence, to_sequence) VALUES (?, ?, ?, ?)",
      task,
      target,
      from,
      to,
    );
    this.#files.set(key, { task, target, from, to });
  }

  removeFile(task: number, target: string): void {
    if (!this.#files.delete(keyOf(task, target))) return;
    this.#sql.exec("DELETE FROM file WHERE task = ? AND target = ?", task, target);
  }

  /** Takes back what waits for a target: nobody wants it any more. */
  drop(task: number, target: string): void {
    this.#remove(this.#queues.get(keyOf(task, target)), Number.MAX_SAFE_INTEGER);
  }

  /** Forgets a task that was detached. */
  removeTask(task: number): void {
    for (const { target } of this.pending(task)) this.drop(task, target);
    for (const table of ["file", "delivered"]) this.#sql.exec(`DELETE FROM ${table} WHERE task = ?`, task);
    for (const known of [this.#issued, this.#files]) {
      for (const key of known.keys()) if (key.startsWith(keyOf(task, ""))) known.delete(key);
    }
  }

  #queueOf(task: number, target: string): OutboxQueue {
    const key = keyOf(task, target);
    let queue = this.#queues.get(key);
    if (queue === undefined) this.#queues.set(key, (queue = new OutboxQueue(task, target)));
    return queue;
  }

  #read({ id, copyOf }: QueuedRow): Bytes {
    if (copyOf === undefined) return this.#body("SELECT body FROM outbox WHERE id = ?", id);
    return withoutProducer(this.#body("SELECT body FROM batch WHERE base_offset = ?", copyOf));
  }

  #body(query: string, id: number): Bytes {
    return new Uint8Array(this.#sql.exec<{ body: ArrayBuffer }>(query, id).one().body);
  }

  #hold(id: number, { target, body }: OutboxRow): void {
    if (!target.startsWith("topic:") || this.#heldBytes + body.byteLength > MAX_HELD_BYTES) return release(body);
    this.#held.set(id, body);
    this.#heldBytes += body.byteLength;
  }

  #letGo(id: number): void {
    this.#heldBytes -= this.#held.get(id)?.byteLength ?? 0;
    this.#held.delete(id);
  }

  #remove(queue: OutboxQueue | undefined, to: number): void {
    if (queue === undefined) return;
    for (const { id, bytes } of queue.takeThrough(to)) {
      this.#sql.exec("DELETE FROM outbox WHERE id = ?", id);
      this.#bytes -= bytes;
      this.#letGo(id);
    }
    if (queue.rows.length === 0) this.#queues.delete(keyOf(queue.task, queue.target));
  }
}

function keyOf(task: number, name: string): string {
  return `${task} ${name}`;
}
