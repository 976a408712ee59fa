// Written by scripts/migrations.ts from schema/disk/catalog.ts. Append-only: a database remembers how many it has run.
export const catalogMigrations: readonly string[] = [
  `
CREATE TABLE "counter" (
    "name" text PRIMARY KEY NOT NULL,
    "value" integer NOT NULL
) WITHOUT ROWID;

CREATE TABLE "pipeline" (
    "name" text PRIMARY KEY NOT NULL,
    "version" integer NOT NULL,
    "incarnation" integer NOT NULL,
    "state" text NOT NULL,
    "sources" text NOT NULL,
    "outputs" text NOT NULL,
    "error" text
) WITHOUT ROWID;

CREATE TABLE "topic" (
    "name" text PRIMARY KEY NOT NULL,
    "topic_id" text NOT NULL,
    "partitions" integer NOT NULL,
    "config" text NOT NULL,
    "status" text NOT NULL
) WITHOUT ROWID;
  `,
  `
ALTER TABLE "pipeline" ADD "inputs" text;
ALTER TABLE "pipeline" ADD "former" text;
  `,
  `
ALTER TABLE "pipeline" ADD "start_from" text;
  `,
  `
ALTER TABLE "pipeline" ADD "erasing" integer;
ALTER TABLE "pipeline" ADD "live" text;
  `,
  `
ALTER TABLE "pipeline" ADD "erased_to" text;
  `,
];
