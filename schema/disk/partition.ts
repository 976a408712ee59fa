// Tables of a Partition's SQLite database. Hot paths use constant statements against these same definitions.
// rowsWritten is what costs (one per row and index), so: no secondary indexes, WITHOUT ROWID where the key is not an integer.
import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { bytes } from "./column.ts";

/** One row (id 1) once the Catalog has opened the partition; `deleted` stays for ever. */
export const partitionRow = sqliteTable("partition", {
  id: integer().primaryKey(),
  status: text({ enum: ["open", "deleted"] }).notNull(),
  topic: text().notNull(),
  topicId: text("topic_id").notNull(),
  partition: integer().notNull(),
  config: text().notNull(),
  /** First readable offset; also the end of the log when retention has emptied it. */
  logStartOffset: integer("log_start_offset").notNull(),
});

/** One row per RecordBatch, body last. `max_timestamp` and `end_bytes` are running, so seeks are binary searches. */
export const batch = sqliteTable("batch", {
  baseOffset: integer("base_offset").primaryKey(),
  lastOffset: integer("last_offset").notNull(),
  maxTimestamp: integer("max_timestamp").notNull(),
  size: integer().notNull(),
  endBytes: integer("end_bytes").notNull(),
  body: bytes().notNull(),
});

/** Idempotent producers. `state` is JSON: the latest accepted batches with what was answered. */
export const producer = sqliteTable("producer", {
  id: text().primaryKey(),
  epoch: integer().notNull(),
  lastSequence: integer("last_sequence").notNull(),
  lastSeenMs: integer("last_seen_ms").notNull(),
  state: text().notNull(),
});

/** Highest sequence taken from each sending task; goes only with the partition. */
export const upstream = sqliteTable("upstream", {
  source: text().primaryKey(),
  last: integer().notNull(),
});

export const task = sqliteTable("task", {
  id: integer().primaryKey(),
  pipeline: text().notNull(),
  version: integer().notNull(),
  incarnation: integer().notNull(),
  state: text({ enum: ["running", "paused", "failed", "detached"] }).notNull(),
  /** Layout of its stores, to tell a compatible plan from an incompatible one. */
  layout: text().notNull(),
  outputs: text().notNull(),
  /** Sinks as they were at the start, without functions: what is in the outbox can be delivered without the bundle. */
  sinks: text().notNull(),
  startOffset: integer("start_offset").notNull(),
  position: integer().notNull(),
  /** Records trimmed from the log before the task had read them. */
  skipped: integer().notNull(),
  /** Records that a target refused for good and the dead-letter topic has instead. */
  refused: integer().notNull(),
  /** JSON: clocks of operators and counters, opaque to SQL. */
  progress: text().notNull(),
  error: text(),
  /** What it reads, by its logical name; null for the topic of this partition. */
  input: text(),
  /** Of an internal input: JSON, the numbers of the tasks that write it, by tag. */
  upstreams: text(),
  /** How its plan was cut when it began. */
  wiring: text(),
  /** End of the log at which it last said that it is idle; null when it never has. */
  idleAt: integer("idle_at"),
  /** Offset up to which it was asked to run, of a task that runs only when it is asked. */
  dueTo: integer("due_to").notNull().default(0),
  /** By its slices so far, this row included. */
  rowsWritten: integer("rows_written").notNull().default(0),
  /** End of the log when its idle timer was set: still the same when that fires, nothing has come. */
  idleFrom: integer("idle_from"),
  /** Since when nothing has come, ms since epoch, of a task in which something closes by that; else null. */
  quietSince: integer("quiet_since"),
  /** In the journal: a tick that was decided and has not run; else null. */
  ticking: integer(),
  /** It is of a fork: what it has for users' topics and sinks is not sent. */
  muted: integer({ mode: "boolean" }).notNull().default(false),
  /** Where it stops for a swap; null where it goes on. */
  stopAt: integer("stop_at"),
});

/** What a task observed besides its log: read as "before the record at `position` it saw …". */
export const journal = sqliteTable(
  "journal",
  {
    task: integer().notNull(),
    seq: integer().notNull(),
    position: integer().notNull(),
    kind: text().notNull(),
    payload: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.task, table.seq] })],
);

/**
 * Crash guard: the slice from `position` is being tried. If the object ends in it, the next
 * wake tries `size` records at once, and is careful up to `until`, where the slice ended
 * that crashed first. `single` counts the wakes that have tried it when it cannot be cut,
 * else it is 0. Rows from before `size` are without it.
 */
export const trying = sqliteTable("trying", {
  task: integer().primaryKey(),
  position: integer().notNull(),
  until: integer().notNull(),
  single: integer().notNull(),
  size: integer(),
});

/**
 * Dead letters that a task was given again, by their place in the dead-letter topic, or by key those that wait in the task:
 * each is given once. `payload` is there until it has been run; `attempts` counts the wakes that have tried it; `called` is the
 * batch, as JSON, in which an async function may have seen it. `trimmed:<partition>` has as its `seq` where the topic began
 * when rows of letters before that were removed.
 */
export const redrive = sqliteTable(
  "redrive",
  {
    task: integer().notNull(),
    id: text().notNull(),
    seq: integer().notNull(),
    attempts: integer().notNull(),
    kind: text({ enum: ["record", "parked", "refused"] }).notNull(),
    payload: text(),
    called: text(),
  },
  (table) => [primaryKey({ columns: [table.task, table.id] })],
);

export const store = sqliteTable("store", {
  id: integer().primaryKey(),
  task: integer().notNull(),
  name: text().notNull(),
  kind: text({ enum: ["keyValue", "window", "ordered"] }).notNull(),
  /** Of an ordered store. */
  bucketMs: integer("bucket_ms"),
});

export const keyValue = sqliteTable(
  "key_value",
  {
    store: integer().notNull(),
    key: bytes().notNull(),
    timestamp: integer().notNull(),
    value: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.store, table.key] })],
);

/** Start before key: windows close and expire in (start, key) order. */
export const windowState = sqliteTable(
  "window_state",
  {
    store: integer().notNull(),
    start: integer().notNull(),
    key: bytes().notNull(),
    timestamp: integer().notNull(),
    value: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.store, table.start, table.key] })],
);

/** Bucket first: what expires leaves from the front of the store. `bucket` is floor(at / bucket_ms) of the store. */
export const orderedState = sqliteTable(
  "ordered_state",
  {
    store: integer().notNull(),
    bucket: integer().notNull(),
    key: bytes().notNull(),
    at: integer().notNull(),
    seq: integer().notNull(),
    timestamp: integer().notNull(),
    value: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.store, table.bucket, table.key, table.at, table.seq] })],
);

/**
 * One row per (transaction, target), sequences dense from 1 per (task, scope of the target). Ids grow with them. Found by id
 * alone: see OutboxTable.
 */
export const outbox = sqliteTable("outbox", {
  id: integer().primaryKey(),
  task: integer().notNull(),
  target: text().notNull(),
  sequence: integer().notNull(),
  records: integer().notNull(),
  createdMs: integer("created_ms").notNull(),
  /** Where the batch of this log begins of which the row is a copy; its body is then empty here. Before the body, as a row is read. */
  copyOf: integer("copy_of"),
  body: bytes().notNull(),
});

/** A store that somebody follows, by its id in `store`: until when, unless a follower comes again. */
export const subscription = sqliteTable("subscription", {
  store: integer().primaryKey(),
  beganMs: integer("began_ms").notNull(),
  untilMs: integer("until_ms").notNull(),
});

/**
 * The latest changes of a followed store, a row for each transaction that made some. `id` is the store's times 2^32 plus the
 * number of the row, so that a row is found without a look at bodies. `begin_bytes` is running.
 */
export const change = sqliteTable("change", {
  id: integer().primaryKey(),
  /** Of the task after the transaction. */
  position: integer().notNull(),
  beginBytes: integer("begin_bytes").notNull(),
  bytes: integer().notNull(),
  body: text().notNull(),
});

/**
 * Highest sequence that has left the outbox, per task and scope: the target itself, or `r2:<prefix>` for all paths under
 * it, so that a path forgotten while nothing waits for it never meets an old object's name.
 */
export const delivered = sqliteTable(
  "delivered",
  { task: integer().notNull(), scope: text().notNull(), last: integer().notNull() },
  (table) => [primaryKey({ columns: [table.task, table.scope] })],
);

/** An R2 object decided on: these rows, and no others, until its PUT is confirmed. */
export const file = sqliteTable(
  "file",
  {
    task: integer().notNull(),
    target: text().notNull(),
    fromSequence: integer("from_sequence").notNull(),
    toSequence: integer("to_sequence").notNull(),
  },
  (table) => [primaryKey({ columns: [table.task, table.target] })],
);

/** Named timers; the object's one alarm is set to the earliest. */
export const timer = sqliteTable("timer", {
  name: text().primaryKey(),
  dueMs: integer("due_ms").notNull(),
});

/** Made WITHOUT ROWID by scripts/migrations.ts: drizzle cannot say it. */
export const withoutRowid = [
  producer,
  upstream,
  journal,
  redrive,
  keyValue,
  windowState,
  orderedState,
  delivered,
  file,
  timer,
];

/** In the migrations before 0007. */
export const onceWithoutRowid = [outbox];
