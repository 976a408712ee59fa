import type { DatabaseSync } from "node:sqlite";
import { withoutProducer } from "../../schema/record-batch/copy.ts";
import type { TaskRow } from "../../durable-objects/sqlite/task-table.ts";

/**
 * What an object forgets and the checks need: every batch that was ever in its log and who sent it, every outbox row, every
 * boundary of a micro-batch, every task, and what each was trimmed out of. Triggers write it, in the object's own transactions: what is rolled back or lost in
 * a crash has never been in it.
 */
const LEDGER = `
CREATE TABLE IF NOT EXISTS ledger_log (seq INTEGER PRIMARY KEY, base_offset INTEGER, body BLOB, source TEXT);
CREATE INDEX IF NOT EXISTS ledger_unsourced ON ledger_log (source) WHERE source IS NULL;
CREATE TRIGGER IF NOT EXISTS ledger_batch AFTER INSERT ON batch BEGIN
  INSERT INTO ledger_log (base_offset, body) VALUES (new.base_offset, new.body);
END;
CREATE TRIGGER IF NOT EXISTS ledger_upstream AFTER INSERT ON upstream BEGIN
  UPDATE ledger_log SET source = 'task ' || new.source WHERE source IS NULL;
END;
CREATE TRIGGER IF NOT EXISTS ledger_producer AFTER INSERT ON producer BEGIN
  UPDATE ledger_log SET source = 'producer ' || new.id WHERE source IS NULL;
END;
CREATE TABLE IF NOT EXISTS ledger_outbox (task INTEGER, target TEXT, sequence INTEGER, body BLOB, first_body BLOB,
  copied INTEGER, first_copied INTEGER, PRIMARY KEY (task, target, sequence)) WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS ledger_outbox_added AFTER INSERT ON outbox BEGIN
  INSERT INTO ledger_outbox
    SELECT new.task, new.target, new.sequence, body, body, new.copy_of IS NOT NULL, new.copy_of IS NOT NULL
    FROM (SELECT coalesce((SELECT body FROM batch WHERE base_offset = new.copy_of), new.body) AS body);
END;
CREATE TRIGGER IF NOT EXISTS ledger_outbox_replaced AFTER UPDATE ON outbox BEGIN
  UPDATE ledger_outbox SET body = new.body, copied = 0 WHERE task = new.task AND target = new.target AND sequence = new.sequence;
END;
CREATE TABLE IF NOT EXISTS ledger_task (id INTEGER PRIMARY KEY, pipeline TEXT, version INTEGER, incarnation INTEGER,
  outputs TEXT, sinks TEXT, input TEXT, upstreams TEXT, start_offset INTEGER, position INTEGER, ticking INTEGER,
  unmuted_at INTEGER, unmuted_seq INTEGER);
CREATE TRIGGER IF NOT EXISTS ledger_task_added AFTER INSERT ON task BEGIN
  INSERT INTO ledger_task VALUES (new.id, new.pipeline, new.version, new.incarnation, new.outputs, new.sinks, new.input,
    new.upstreams, new.start_offset, new.position, NULL, CASE new.muted WHEN 0 THEN 0 END, CASE new.muted WHEN 0 THEN 0 END);
END;
CREATE TRIGGER IF NOT EXISTS ledger_task_moved AFTER UPDATE OF position, ticking ON task BEGIN
  UPDATE ledger_task SET position = new.position, ticking = new.ticking WHERE id = new.id;
END;
CREATE TRIGGER IF NOT EXISTS ledger_task_unmuted AFTER UPDATE OF muted ON task WHEN old.muted = 1 AND new.muted = 0 BEGIN
  UPDATE ledger_task SET unmuted_at = new.position,
    unmuted_seq = (SELECT coalesce(max(seq), 0) FROM ledger_journal WHERE task = new.id) WHERE id = new.id;
END;
CREATE TABLE IF NOT EXISTS ledger_skip (seq INTEGER PRIMARY KEY, task INTEGER, first INTEGER, next INTEGER);
CREATE TRIGGER IF NOT EXISTS ledger_skipped AFTER UPDATE OF skipped ON task WHEN new.skipped > old.skipped BEGIN
  INSERT INTO ledger_skip (task, first, next) VALUES (new.id, old.position, new.position);
END;
CREATE TABLE IF NOT EXISTS ledger_journal (task INTEGER, seq INTEGER, position INTEGER, kind TEXT, payload TEXT,
  PRIMARY KEY (task, seq)) WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS ledger_journaled AFTER INSERT ON journal BEGIN
  INSERT OR REPLACE INTO ledger_journal VALUES (new.task, new.seq, new.position, new.kind, new.payload);
END;
`;

/** To be called when a database has got its tables. */
export function keepLedger(database: DatabaseSync): void {
  database.exec(LEDGER);
}

export interface LoggedBatch {
  readonly baseOffset: number;
  readonly body: Uint8Array<ArrayBuffer>;
  /** `task <source>` or `producer <id>`. */
  readonly source: string;
}

export interface SentRow {
  readonly target: string;
  readonly sequence: number;
  /** As it left, */
  readonly body: Uint8Array<ArrayBuffer>;
  /** and as the task made it, before a target refused some of it. */
  readonly made: Uint8Array<ArrayBuffer>;
}

/** A body that is copied is the log's batch. */
interface StoredRow {
  readonly target: string;
  readonly sequence: number;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly copied: number;
  readonly first_body: Uint8Array<ArrayBuffer>;
  readonly first_copied: number;
}

export interface Boundary {
  readonly seq: number;
  readonly position: number;
  readonly kind: string;
  readonly payload: string;
}

/** Offsets that a task has not read, because they were trimmed: `first` up to and without `next`. */
export interface Skip {
  readonly first: number;
  readonly next: number;
}

/** A task that is here, or was. */
export interface LedgerTask extends Pick<
  TaskRow,
  | "id"
  | "pipeline"
  | "version"
  | "incarnation"
  | "outputs"
  | "sinks"
  | "input"
  | "upstreams"
  | "startOffset"
  | "position"
> {
  /** A tick was decided last, and has not run. */
  readonly ticking: boolean;
  /** From which position on, and behind which row of its journal, it is heard: from the beginning but for a fork. */
  readonly heard: { readonly from: number; readonly behind: number };
}

/** Reads what the triggers wrote. */
export class Ledger {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  log(): LoggedBatch[] {
    const query = "SELECT base_offset AS baseOffset, body, coalesce(source, '') AS source FROM ledger_log ORDER BY seq";
    return this.#database.prepare(query).all() as unknown as LoggedBatch[];
  }

  tasks(): LedgerTask[] {
    const rows = this.#database.prepare("SELECT * FROM ledger_task ORDER BY id").all();
    return rows.map((row) => ({
      id: Number(row["id"]),
      pipeline: String(row["pipeline"]),
      version: Number(row["version"]),
      incarnation: Number(row["incarnation"]),
      outputs: JSON.parse(String(row["outputs"])) as TaskRow["outputs"],
      sinks: JSON.parse(String(row["sinks"])) as TaskRow["sinks"],
      input: row["input"] === null ? undefined : String(row["input"]),
      upstreams: JSON.parse(String(row["upstreams"] ?? "[]")) as TaskRow["upstreams"],
      startOffset: Number(row["start_offset"]),
      position: Number(row["position"]),
      ticking: row["ticking"] !== null,
      heard: { from: Number(row["unmuted_at"] ?? Infinity), behind: Number(row["unmuted_seq"] ?? Infinity) },
    }));
  }

  outbox(task: number): SentRow[] {
    const query = "SELECT * FROM ledger_outbox WHERE task = ? ORDER BY target, sequence";
    const rows = this.#database.prepare(query).all(task) as unknown as StoredRow[];
    return rows.map(({ target, sequence, ...row }) => ({
      target,
      sequence,
      body: row.copied === 1 ? withoutProducer(row.body) : row.body,
      made: row.first_copied === 1 ? withoutProducer(row.first_body) : row.first_body,
    }));
  }

  skips(task: number): Skip[] {
    const query = "SELECT first, next FROM ledger_skip WHERE task = ? ORDER BY seq";
    return this.#database.prepare(query).all(task) as unknown as Skip[];
  }

  journal(task: number): Boundary[] {
    const query = "SELECT seq, position, kind, payload FROM ledger_journal WHERE task = ? ORDER BY seq";
    return this.#database.prepare(query).all(task) as unknown as Boundary[];
  }
}
