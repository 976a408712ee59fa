import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

export const topic = sqliteTable("topic", {
  name: text().primaryKey(),
  topicId: text("topic_id").notNull(),
  partitions: integer().notNull(),
  config: text().notNull(),
  /** `creating` until every partition is open and `deleting` until every one is closed: a call repeated finishes the job. */
  status: text({ enum: ["creating", "open", "deleting"] }).notNull(),
});

export const pipeline = sqliteTable("pipeline", {
  name: text().primaryKey(),
  version: integer().notNull(),
  incarnation: integer().notNull(),
  /** A fork, under its pipeline's name and `@fork`, may also be on its way to be swapped, or to be abandoned. */
  state: text({
    enum: ["bootstrapping", "running", "paused", "failed", "swapping", "unmuting", "abandoning"],
  }).notNull(),
  /** JSON lists of topics it reads and writes, as they were at its start. */
  sources: text().notNull(),
  outputs: text().notNull(),
  error: text(),
  /** JSON list of what its tasks read, internal topics by their logical names; null for its sources alone. */
  inputs: text(),
  /** JSON list of topics, by name, in which tasks of former incarnations may still be; null for none. */
  former: text(),
  /** Where its tasks begin in users' topics; null is the earliest offset. */
  startFrom: text("start_from", { enum: ["earliest", "latest"] }),
  /** What former incarnations wrote goes before its tasks begin; null when it stays, or has gone. */
  erasing: integer({ mode: "boolean" }),
  /** JSON list of the incarnations whose files count; null of a row from before they were listed. */
  live: text(),
  /** While something is erased: JSON object of prefixes, each with the last key that has been looked at. */
  erasedTo: text("erased_to"),
});

/** Numbers handed out once: producer ids, incarnations, topic ids. */
export const counter = sqliteTable("counter", {
  name: text().primaryKey(),
  value: integer().notNull(),
});

export const withoutRowid = [topic, pipeline, counter];
