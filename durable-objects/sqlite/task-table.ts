import type { D1Sink, R2Sink } from "../../schema/sinks.ts";
import type { AttachRequest } from "../../schema/rpc/task.ts";

/** What a delivery must know of a sink. */
export type StoredSink = D1Sink | Omit<R2Sink, "path">;

export type TaskState = "running" | "paused" | "failed" | "detached";

export interface TaskRow {
  readonly id: number;
  readonly pipeline: string;
  readonly version: number;
  readonly incarnation: number;
  readonly state: TaskState;
  readonly layout: string;
  readonly outputs: AttachRequest["outputs"];
  readonly sinks: readonly StoredSink[];
  readonly startOffset: number;
  readonly position: number;
  readonly skipped: number;
  readonly refused: number;
  readonly progress: string | undefined;
  readonly error: string | undefined;
  /** The logical name of its input; undefined for the topic of this partition. */
  readonly input: string | undefined;
  readonly upstreams: AttachRequest["upstreams"];
  readonly wiring: string | undefined;
  readonly idleAt: number | undefined;
  readonly idleFrom: number | undefined;
  readonly dueTo: number;
  readonly rowsWritten: number;
  readonly quietSince: number | undefined;
  /** Decided, not yet run. */
  readonly tick: Tick | undefined;
  readonly muted: boolean;
  readonly stopAt: number | undefined;
}

/** A micro-batch `[from, to)` decided and not yet run, or run: its journal row stays as long as the log does. */
export interface MicroBatch {
  readonly batchId: number;
  readonly from: number;
  readonly to: number;
  readonly nowMs: number;
  /** An async function may have seen it: it comes again as it is, whatever happens. */
  readonly called?: true | undefined;
}

/** Time that goes on without records. Its journal row says: before the record at its position the task saw this. */
export interface Tick {
  readonly nowMs: number;
  readonly eventTimeMs?: number | undefined;
  /** Of the micro-batch that it is, where the pipeline runs in those; else only a number that grows. */
  readonly batchId: number;
  readonly batched: boolean;
}

/** What the clock on the wall said. */
export interface ClockLook {
  readonly wallClockMs: number;
  /** Of no batch, only so that this row can be the last of the journal. */
  readonly batchId: number;
}

/** What is fixed when a task begins. */
export interface NewTask {
  readonly startOffset: number;
  readonly sinks: readonly StoredSink[];
  readonly layout: string;
}

/** What the commit of a slice changes in the task's row. */
export interface Committed {
  readonly position: number;
  readonly progress: string;
  readonly layout: string;
  readonly rowsWritten: number;
  readonly quietSince: number | undefined;
}

/** The crash guard's row: see `trying` in schema/disk/partition.ts. */
export interface Trying {
  readonly position: number;
  readonly until: number;
  /** Records that the next wake tries at once; undefined in a row from before it was written. */
  readonly size: number | undefined;
  /** 0 for a slice; for one record, how many wakes have tried it, this one included. */
  readonly single: number;
}

/**
 * A dead letter that came again: its record as text, or of a parked key so many records. Those of one batchId are one
 * micro-batch. Of a row that went back to its target only the place in the outbox.
 */
export type JournaledRedrive = { readonly batchId: number; readonly batched: boolean; readonly nowMs: number } & (
  | { readonly kind: "record"; readonly record: string; readonly terminated?: string | undefined }
  | {
      readonly kind: "parked";
      readonly key: string;
      readonly records: number;
      readonly terminated?: string | undefined;
    }
  | { readonly kind: "refused"; readonly target: string; readonly sequence: number }
);

type Row = Record<
  | "id"
  | "version"
  | "incarnation"
  | "start_offset"
  | "position"
  | "skipped"
  | "refused"
  | "due_to"
  | "rows_written"
  | "muted",
  number
> &
  Record<"pipeline" | "layout" | "outputs" | "sinks" | "progress", string> &
  Record<"input" | "upstreams" | "wiring" | "error", string | null> & {
    state: TaskState;
    idle_at: number | null;
    idle_from: number | null;
    quiet_since: number | null;
    ticking: number | null;
    stop_at: number | null;
  };

/** Ten a second between two runs of retention. */
const TRIMMED_AT_ONCE = 6_000;

/** Rows of `task`, `journal` and `trying`. */
export class TaskTable {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  all(): TaskRow[] {
    return [...this.#sql.exec<Row>("SELECT * FROM task ORDER BY id")].map((row) => ({
      id: row.id,
      pipeline: row.pipeline,
      version: row.version,
      incarnation: row.incarnation,
      state: row.state,
      layout: row.layout,
      outputs: JSON.parse(row.outputs) as AttachRequest["outputs"],
      sinks: JSON.parse(row.sinks) as StoredSink[],
      startOffset: row.start_offset,
      position: row.position,
      skipped: row.skipped,
      refused: row.refused,
      progress: row.progress === "" ? undefined : row.progress,
      error: row.error ?? undefined,
      input: row.input ?? undefined,
      upstreams: JSON.parse(row.upstreams ?? "[]") as AttachRequest["upstreams"],
      wiring: row.wiring ?? undefined,
      idleAt: row.idle_at ?? undefined,
      idleFrom: row.idle_from ?? undefined,
      dueTo: row.due_to,
      rowsWritten: row.rows_written,
      quietSince: row.quiet_since ?? undefined,
      tick: row.ticking === null ? undefined : this.#tick(row.id, row.ticking),
      muted: row.muted === 1,
      stopAt: row.stop_at ?? undefined,
    }));
  }

  /**
   * Its id is its incarnation, which is handed out once: what is still under way for a task that has gone, such as the answer
   * to a delivery, never meets another one (ENG-31).
   */
  insert(request: AttachRequest, task: NewTask): number {
    return this.#sql
      .exec<{ id: number }>(
        `INSERT INTO task (id, pipeline, version, incarnation, state, layout, outputs, sinks, start_offset, position, skipped,
           refused, progress, input, upstreams, wiring, muted)
         VALUES (?1, ?2, ?3, ?1, 'running', ?11, ?4, ?5, ?6, ?6, 0, 0, '', ?7, ?8, ?9, ?10) RETURNING id`,
        request.incarnation,
        request.pipeline,
        request.version,
        JSON.stringify(request.outputs),
        JSON.stringify(task.sinks),
        task.startOffset,
        request.input,
        JSON.stringify(request.upstreams),
        request.wiring,
        request.muted === true ? 1 : 0,
        task.layout,
      )
      .one().id;
  }

  /** A tick that was decided has run as well. */
  commit(id: number, { position, progress, layout, rowsWritten, quietSince }: Committed): void {
    const query = `UPDATE task SET position = ?, progress = ?, layout = ?, rows_written = ?, quiet_since = ?, ticking = NULL
      WHERE id = ?`;
    this.#sql.exec(query, position, progress, layout, rowsWritten, quietSince ?? null, id);
  }

  setQuietSince(id: number, quietSince: number): void {
    this.#sql.exec("UPDATE task SET quiet_since = ? WHERE id = ?", quietSince, id);
  }

  /** Where it stops for a swap. */
  setStopAt(id: number, offset: number | undefined): void {
    this.#sql.exec("UPDATE task SET stop_at = ? WHERE id = ?", offset ?? null, id);
  }

  /** What it sends goes out from now on, and it goes on. */
  unmute(id: number): void {
    this.#sql.exec("UPDATE task SET muted = 0, stop_at = NULL WHERE id = ?", id);
  }

  setDueTo(id: number, dueTo: number): void {
    this.#sql.exec("UPDATE task SET due_to = ? WHERE id = ?", dueTo, id);
  }

  /** The log was trimmed past the task. */
  skipTo(id: number, position: number, skipped: number): void {
    this.#sql.exec("UPDATE task SET position = ?, skipped = ? WHERE id = ?", position, skipped, id);
  }

  addRefused(id: number, records: number): void {
    this.#sql.exec("UPDATE task SET refused = refused + ? WHERE id = ?", records, id);
  }

  setState(id: number, state: TaskState, error: string | undefined): void {
    this.#sql.exec("UPDATE task SET state = ?, error = ? WHERE id = ?", state, error ?? null, id);
  }

  /** Where the log ended when the idle timer was set. */
  setIdleFrom(id: number, offset: number): void {
    this.#sql.exec("UPDATE task SET idle_from = ? WHERE id = ?", offset, id);
  }

  /** The task has said that it is idle, where the log ended then; undefined when it has said that it is not. */
  setIdleAt(id: number, offset: number | undefined): void {
    this.#sql.exec("UPDATE task SET idle_at = ? WHERE id = ?", offset ?? null, id);
  }

  /** A newer incarnation replaces the task: its row stays while its outbox is delivered, its state goes. */
  detach(id: number): void {
    this.setState(id, "detached", undefined);
    for (const table of ["key_value", "window_state", "ordered_state"]) {
      this.#sql.exec(`DELETE FROM ${table} WHERE store IN (SELECT id FROM store WHERE task = ?)`, id);
    }
    for (const table of ["store", "journal", "trying", "redrive"])
      this.#sql.exec(`DELETE FROM ${table} WHERE task = ?`, id);
  }

  remove(id: number): void {
    this.#sql.exec("DELETE FROM task WHERE id = ?", id);
  }

  /** A boundary at or after `from` never ran (after a crash the task tries less at once): it is replaced. */
  journalMicroBatch(id: number, { from, ...rest }: MicroBatch): void {
    const last = this.#lastBoundary(id);
    const replaced = last !== undefined && last.position >= from;
    const seq = replaced ? last.seq : this.#nextSeq(id);
    const payload = JSON.stringify(rest);
    const query =
      "INSERT OR REPLACE INTO journal (task, seq, position, kind, payload) VALUES (?, ?, ?, 'microBatch', ?)";
    this.#sql.exec(query, id, seq, from, payload);
  }

  /** What the task observes between two records, beside the boundaries of micro-batches. */
  journalRedrive(id: number, at: { readonly position: number; readonly redriven: JournaledRedrive }): void {
    const query = "INSERT INTO journal (task, seq, position, kind, payload) VALUES (?, ?, ?, 'redrive', ?)";
    this.#sql.exec(query, id, this.#nextSeq(id), at.position, JSON.stringify(at.redriven));
  }

  lastMicroBatch(id: number): MicroBatch | undefined {
    const row = this.#lastBoundary(id);
    if (row === undefined) return undefined;
    return { from: row.position, ...(JSON.parse(row.payload) as Omit<MicroBatch, "from">) };
  }

  #lastBoundary(id: number): { seq: number; position: number; payload: string } | undefined {
    const query =
      "SELECT seq, position, payload FROM journal WHERE task = ? AND kind = 'microBatch' ORDER BY seq DESC LIMIT 1";
    return this.#sql.exec<{ seq: number; position: number; payload: string }>(query, id).toArray()[0];
  }

  /** Of all that was journaled, 0 before the first. */
  lastBatchId(id: number): number {
    const query = `SELECT json_extract(payload, '$.batchId') AS batchId FROM journal
      WHERE task = ? AND batchId IS NOT NULL ORDER BY seq DESC LIMIT 1`;
    return this.#sql.exec<{ batchId: number }>(query, id).toArray()[0]?.batchId ?? 0;
  }

  /** The task looked at the clock before the record at `position`: with the transaction of what it then does. */
  journalClock(id: number, position: number, look: ClockLook): void {
    const query = "INSERT INTO journal (task, seq, position, kind, payload) VALUES (?, ?, ?, 'clock', ?)";
    this.#sql.exec(query, id, this.#nextSeq(id), position, JSON.stringify(look));
  }

  /** Committed before it runs, and the same after a crash; `commit` says that it has run. */
  decideTick(id: number, position: number, tick: Tick): void {
    const seq = this.#nextSeq(id);
    const query = "INSERT INTO journal (task, seq, position, kind, payload) VALUES (?, ?, ?, 'tick', ?)";
    this.#sql.exec(query, id, seq, position, JSON.stringify(tick));
    this.#sql.exec("UPDATE task SET ticking = ? WHERE id = ?", seq, id);
  }

  #tick(id: number, seq: number): Tick | undefined {
    const query = "SELECT payload FROM journal WHERE task = ? AND seq = ?";
    const row = this.#sql.exec<{ payload: string }>(query, id, seq).toArray()[0];
    return row && (JSON.parse(row.payload) as Tick);
  }

  #nextSeq(id: number): number {
    const query = "SELECT coalesce(max(seq), 0) + 1 AS seq FROM journal WHERE task = ?";
    return this.#sql.exec<{ seq: number }>(query, id).one().seq;
  }

  /**
   * The journal goes with the log: what lies before `logStartOffset` can no longer be run again (ENG-29). Where nothing comes
   * and time goes on all the same, what is older than the log keeps its records goes too. The last row stays.
   */
  trimJournal(id: number, { logStartOffset, keepFromMs }: { logStartOffset: number; keepFromMs: number }): void {
    const oldest = `SELECT seq, position,
        CASE kind WHEN 'tick' THEN payload ->> 'nowMs' WHEN 'clock' THEN payload ->> 'wallClockMs' ELSE 9e15 END AS ms
      FROM journal WHERE task = ? ORDER BY seq LIMIT ?`;
    const rows = this.#sql
      .exec<{ seq: number; position: number; ms: number }>(oldest, id, TRIMMED_AT_ONCE + 1)
      .toArray();
    const kept = rows.find(
      ({ position, ms }, index) => (position >= logStartOffset && ms >= keepFromMs) || index === rows.length - 1,
    );
    if (kept !== undefined) this.#sql.exec("DELETE FROM journal WHERE task = ? AND seq < ?", id, kept.seq);
  }

  trying(id: number): Trying | undefined {
    const query = "SELECT position, until, size, single FROM trying WHERE task = ?";
    const row = this.#sql.exec<Omit<Trying, "size"> & { size: number | null }>(query, id).toArray()[0];
    if (row === undefined) return undefined;
    const { position, until, size, single } = row;
    return { position, until, size: size ?? undefined, single };
  }

  setTrying(id: number, trying: Trying | undefined): void {
    if (trying === undefined) this.#sql.exec("DELETE FROM trying WHERE task = ?", id);
    else {
      const query = "INSERT OR REPLACE INTO trying (task, position, until, size, single) VALUES (?, ?, ?, ?, ?)";
      this.#sql.exec(query, id, trying.position, trying.until, trying.size ?? null, trying.single);
    }
  }
}
