import { MAX_REDRIVE_CHARACTERS, MAX_REDRIVE_RECORDS } from "../../schema/limits.ts";
import type { LetterStart } from "../../schema/rpc/task.ts";

export type RedriveKind = "record" | "parked" | "refused";

/** A batch that async functions may have seen: whenever they are called again it is the same (MIB-7). */
export interface CalledRedrive {
  readonly batchId: number;
  readonly nowMs: number;
  /** At most so many of a parked key. */
  readonly records: number;
}

/** A dead letter that a task is to run again. */
export interface PendingRedrive {
  /** `<partition>/<offset>` in the dead-letter topic, or `key:<key>`. */
  readonly id: string;
  readonly seq: number;
  /** Tries that have begun; none of them has ended. */
  readonly attempts: number;
  readonly characters: number;
  readonly called: CalledRedrive | undefined;
}

export interface TakenRedrive extends PendingRedrive {
  readonly kind: RedriveKind;
  /** The record as text, or the key. */
  readonly payload: string;
}

interface Row extends Record<string, SqlStorageValue> {
  task: number;
  id: string;
  seq: number;
  attempts: number;
  characters: number;
  called: string | null;
}

/**
 * Dead letters that tasks were given again. What waits is known in memory, without the records; after a transaction that was
 * rolled back the owner makes a new RedriveTable.
 */
export class RedriveTable {
  readonly #sql: SqlStorage;
  /** By task, then by id, in the order in which they came. */
  readonly #pending = new Map<number, Map<string, PendingRedrive>>();

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    const query = `SELECT task, id, seq, attempts, length(payload) AS characters, called FROM redrive
      WHERE payload IS NOT NULL ORDER BY task, seq`;
    for (const { task, called, ...row } of sql.exec<Row>(query)) {
      const batch = called === null ? undefined : (JSON.parse(called) as CalledRedrive);
      this.#of(task).set(row.id, { ...row, called: batch });
    }
  }

  /** How many wait. */
  pending(task: number): number {
    return this.#pending.get(task)?.size ?? 0;
  }

  waits(task: number, id: string): boolean {
    return this.#pending.get(task)?.has(id) ?? false;
  }

  /** It was given to the task before, whether it has been run since or waits; or its topic has let go of it since. */
  has(task: number, { partition, offset }: LetterStart): boolean {
    const query = "SELECT 1 FROM redrive WHERE task = ?1 AND (id = ?2 OR (id = ?3 AND seq > ?4))";
    return this.#sql.exec(query, task, `${partition}/${offset}`, trimmedOf(partition), offset).toArray().length > 0;
  }

  /** `payload` is null of what is done at once. */
  add(task: number, id: string, { kind, payload }: { kind: RedriveKind; payload: string | null }): void {
    const seq = Math.max(0, ...[...this.#of(task).values()].slice(-1).map((last) => last.seq)) + 1;
    const query = "INSERT INTO redrive (task, id, seq, attempts, kind, payload) VALUES (?, ?, ?, 0, ?, ?)";
    this.#sql.exec(query, task, id, seq, kind, payload);
    if (payload === null) return;
    this.#of(task).set(id, { id, seq, attempts: 0, characters: payload.length, called: undefined });
  }

  /**
   * The next to be run: alone when it has been tried before, and a key of which many records may wait. What an async function
   * may have seen comes again with the same neighbours, all of which lie before what has been given since.
   */
  next(task: number): TakenRedrive[] {
    const pending = [...this.#of(task).values()];
    const batchId = pending[0]?.called?.batchId;
    if (batchId === undefined) return this.#unseen(task);
    return pending.filter(({ called }) => called?.batchId === batchId).map((each) => this.#taken(task, each));
  }

  #unseen(task: number): TakenRedrive[] {
    const taken: TakenRedrive[] = [];
    let characters = 0;
    for (const pending of this.#of(task).values()) {
      characters += pending.characters;
      const alone = pending.attempts > 0;
      if (taken.length > 0 && (alone || characters > MAX_REDRIVE_CHARACTERS || taken.length === MAX_REDRIVE_RECORDS))
        return taken;
      const next = this.#taken(task, pending);
      if (taken.length > 0 && next.kind === "parked") return taken;
      taken.push(next);
      if (alone || next.kind === "parked") return taken;
    }
    return taken;
  }

  #taken(task: number, pending: PendingRedrive): TakenRedrive {
    const query = "SELECT kind, payload FROM redrive WHERE task = ? AND id = ?";
    return { ...pending, ...this.#sql.exec<{ kind: RedriveKind; payload: string }>(query, task, pending.id).one() };
  }

  /** A try begins. */
  tried(task: number, taken: readonly PendingRedrive[]): void {
    for (const pending of taken) this.#setAttempts(task, pending, pending.attempts + 1);
  }

  /** The try has ended without being run to its end, for a reason that is not the letters'. */
  untried(task: number, taken: readonly PendingRedrive[]): void {
    for (const pending of taken) this.#setAttempts(task, pending, pending.attempts);
  }

  /** Async functions are about to see the batch. */
  called(task: number, taken: readonly PendingRedrive[], batch: CalledRedrive): void {
    for (const pending of taken) this.#setCalled(task, pending, batch);
  }

  /** Some of what waits of a key has been run, and one by one goes on so: the rest is another batch. */
  goOn(task: number, pending: PendingRedrive): void {
    this.#setCalled(task, pending, undefined);
    this.#setAttempts(task, pending, Math.min(pending.attempts, 1));
  }

  done(task: number, { id, kind }: Pick<TakenRedrive, "id" | "kind">): void {
    // A key may be parked again.
    if (kind === "parked") this.#sql.exec("DELETE FROM redrive WHERE task = ? AND id = ?", task, id);
    else this.#sql.exec("UPDATE redrive SET payload = NULL WHERE task = ? AND id = ?", task, id);
    this.#of(task).delete(id);
  }

  /**
   * Letters before these places are not in their topic any more: of those that were run one row stays, which says how far, for
   * a request that has read one of them just before (ERR-10).
   */
  trim(task: number, starts: readonly LetterStart[]): void {
    const query = `DELETE FROM redrive WHERE task = ? AND payload IS NULL AND substr(id, 1, ?) = ?
      AND CAST(substr(id, ? + 1) AS INTEGER) < ?`;
    for (const { partition, offset } of starts) {
      const head = `${partition}/`;
      const { rowsWritten } = this.#sql.exec(query, task, head.length, head, head.length, offset);
      if (rowsWritten === 0) continue;
      const trimmed = "INSERT OR REPLACE INTO redrive (task, id, seq, attempts, kind) VALUES (?, ?, ?, 0, 'record')";
      this.#sql.exec(trimmed, task, trimmedOf(partition), offset);
    }
  }

  /** The rows of a task that has ended are gone. */
  forget(task: number): void {
    this.#pending.delete(task);
  }

  #setAttempts(task: number, { id, seq, characters }: PendingRedrive, attempts: number): void {
    // Its task may have ended meanwhile. Who took it may not know yet that functions have been called.
    const known = this.#pending.get(task)?.get(id);
    if (known === undefined) return;
    this.#sql.exec("UPDATE redrive SET attempts = ? WHERE task = ? AND id = ?", attempts, task, id);
    this.#of(task).set(id, { id, seq, attempts, characters, called: known.called });
  }

  #setCalled(task: number, { id, seq, attempts, characters }: PendingRedrive, called: CalledRedrive | undefined): void {
    if (!this.waits(task, id)) return;
    const text = called === undefined ? null : JSON.stringify(called);
    this.#sql.exec("UPDATE redrive SET called = ? WHERE task = ? AND id = ?", text, task, id);
    this.#of(task).set(id, { id, seq, attempts, characters, called });
  }

  #of(task: number): Map<string, PendingRedrive> {
    const known = this.#pending.get(task);
    if (known !== undefined) return known;
    const pending = new Map<string, PendingRedrive>();
    this.#pending.set(task, pending);
    return pending;
  }
}

/** The row whose `seq` is where a partition of the dead-letter topic began when rows before that were trimmed. */
function trimmedOf(partition: number): string {
  return `trimmed:${partition}`;
}
