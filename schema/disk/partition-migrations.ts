// Written by scripts/migrations.ts from schema/disk/partition.ts. Append-only: a database remembers how many it has run.
export const partitionMigrations: readonly string[] = [
  `
CREATE TABLE "batch" (
    "base_offset" integer PRIMARY KEY NOT NULL,
    "last_offset" integer NOT NULL,
    "max_timestamp" integer NOT NULL,
    "size" integer NOT NULL,
    "end_bytes" integer NOT NULL,
    "body" blob NOT NULL
);

CREATE TABLE "delivered" (
    "task" integer NOT NULL,
    "scope" text NOT NULL,
    "last" integer NOT NULL,
    PRIMARY KEY("task", "scope")
) WITHOUT ROWID;

CREATE TABLE "file" (
    "task" integer NOT NULL,
    "target" text NOT NULL,
    "from_sequence" integer NOT NULL,
    "to_sequence" integer NOT NULL,
    PRIMARY KEY("task", "target")
) WITHOUT ROWID;

CREATE TABLE "journal" (
    "task" integer NOT NULL,
    "seq" integer NOT NULL,
    "position" integer NOT NULL,
    "kind" text NOT NULL,
    "payload" text NOT NULL,
    PRIMARY KEY("task", "seq")
) WITHOUT ROWID;

CREATE TABLE "key_value" (
    "store" integer NOT NULL,
    "key" blob NOT NULL,
    "timestamp" integer NOT NULL,
    "value" text NOT NULL,
    PRIMARY KEY("store", "key")
) WITHOUT ROWID;

CREATE TABLE "outbox" (
    "task" integer NOT NULL,
    "target" text NOT NULL,
    "sequence" integer NOT NULL,
    "records" integer NOT NULL,
    "created_ms" integer NOT NULL,
    "body" blob NOT NULL,
    PRIMARY KEY("task", "target", "sequence")
) WITHOUT ROWID;

CREATE TABLE "partition" (
    "id" integer PRIMARY KEY NOT NULL,
    "status" text NOT NULL,
    "topic" text NOT NULL,
    "topic_id" text NOT NULL,
    "partition" integer NOT NULL,
    "config" text NOT NULL,
    "log_start_offset" integer NOT NULL
);

CREATE TABLE "producer" (
    "id" text PRIMARY KEY NOT NULL,
    "epoch" integer NOT NULL,
    "last_sequence" integer NOT NULL,
    "last_seen_ms" integer NOT NULL,
    "state" text NOT NULL
) WITHOUT ROWID;

CREATE TABLE "store" (
    "id" integer PRIMARY KEY NOT NULL,
    "task" integer NOT NULL,
    "name" text NOT NULL,
    "kind" text NOT NULL
);

CREATE TABLE "task" (
    "id" integer PRIMARY KEY NOT NULL,
    "pipeline" text NOT NULL,
    "version" integer NOT NULL,
    "incarnation" integer NOT NULL,
    "state" text NOT NULL,
    "layout" text NOT NULL,
    "outputs" text NOT NULL,
    "sinks" text NOT NULL,
    "start_offset" integer NOT NULL,
    "position" integer NOT NULL,
    "skipped" integer NOT NULL,
    "refused" integer NOT NULL,
    "progress" text NOT NULL,
    "error" text
);

CREATE TABLE "timer" (
    "name" text PRIMARY KEY NOT NULL,
    "due_ms" integer NOT NULL
) WITHOUT ROWID;

CREATE TABLE "trying" (
    "task" integer PRIMARY KEY NOT NULL,
    "position" integer NOT NULL,
    "until" integer NOT NULL,
    "single" integer NOT NULL
);

CREATE TABLE "upstream" (
    "source" text PRIMARY KEY NOT NULL,
    "last" integer NOT NULL
) WITHOUT ROWID;

CREATE TABLE "window_state" (
    "store" integer NOT NULL,
    "start" integer NOT NULL,
    "key" blob NOT NULL,
    "timestamp" integer NOT NULL,
    "value" text NOT NULL,
    PRIMARY KEY("store", "start", "key")
) WITHOUT ROWID;
  `,
  `
CREATE TABLE "ordered_state" (
    "store" integer NOT NULL,
    "bucket" integer NOT NULL,
    "key" blob NOT NULL,
    "at" integer NOT NULL,
    "seq" integer NOT NULL,
    "timestamp" integer NOT NULL,
    "value" text NOT NULL,
    PRIMARY KEY("store", "bucket", "key", "at", "seq")
) WITHOUT ROWID;

ALTER TABLE "store" ADD "bucket_ms" integer;
  `,
  `
ALTER TABLE "task" ADD "input" text;
ALTER TABLE "task" ADD "upstreams" text;
ALTER TABLE "task" ADD "wiring" text;
ALTER TABLE "task" ADD "idle_at" integer;
  `,
  `
ALTER TABLE "task" ADD "due_to" integer DEFAULT 0 NOT NULL;
  `,
  `
ALTER TABLE "task" ADD "rows_written" integer DEFAULT 0 NOT NULL;
  `,
  `
ALTER TABLE "task" ADD "idle_from" integer;
  `,
  `
ALTER TABLE "task" ADD "quiet_since" integer;
ALTER TABLE "task" ADD "ticking" integer;
  `,
  `
CREATE TABLE "outbox_by_id" (
    "id" integer PRIMARY KEY NOT NULL,
    "task" integer NOT NULL,
    "target" text NOT NULL,
    "sequence" integer NOT NULL,
    "records" integer NOT NULL,
    "created_ms" integer NOT NULL,
    "body" blob NOT NULL
);

INSERT INTO "outbox_by_id" ("task", "target", "sequence", "records", "created_ms", "body") SELECT "task", "target", "sequence", "records", "created_ms", "body" FROM "outbox" ORDER BY "task", "target", "sequence";
DROP TABLE "outbox";
ALTER TABLE "outbox_by_id" RENAME TO "outbox";
  `,
  `
CREATE TABLE "change" (
    "id" integer PRIMARY KEY NOT NULL,
    "position" integer NOT NULL,
    "begin_bytes" integer NOT NULL,
    "bytes" integer NOT NULL,
    "body" text NOT NULL
);

CREATE TABLE "subscription" (
    "store" integer PRIMARY KEY NOT NULL,
    "began_ms" integer NOT NULL,
    "until_ms" integer NOT NULL
);
  `,
  `
CREATE TABLE "redrive" (
    "task" integer NOT NULL,
    "id" text NOT NULL,
    "seq" integer NOT NULL,
    "attempts" integer NOT NULL,
    "kind" text NOT NULL,
    "payload" text,
    PRIMARY KEY("task", "id")
) WITHOUT ROWID;
  `,
  `
ALTER TABLE "task" ADD "muted" integer DEFAULT false NOT NULL;
ALTER TABLE "task" ADD "stop_at" integer;
  `,
  `
ALTER TABLE "redrive" ADD "called" text;
  `,
  `
ALTER TABLE "trying" ADD "size" integer;
  `,
  `
CREATE TABLE "outbox_with_copies" (
    "id" integer PRIMARY KEY NOT NULL,
    "task" integer NOT NULL,
    "target" text NOT NULL,
    "sequence" integer NOT NULL,
    "records" integer NOT NULL,
    "created_ms" integer NOT NULL,
    "copy_of" integer,
    "body" blob NOT NULL
);

INSERT INTO "outbox_with_copies" ("id", "task", "target", "sequence", "records", "created_ms", "body") SELECT "id", "task", "target", "sequence", "records", "created_ms", "body" FROM "outbox";
DROP TABLE "outbox";
ALTER TABLE "outbox_with_copies" RENAME TO "outbox";
  `,
];
