import { getTableName, is } from "drizzle-orm";
import { SQLiteTable } from "drizzle-orm/sqlite-core";
import * as tables from "../../schema/disk/partition.ts";
import { type Answer, refuse } from "../../schema/error.ts";
import type { TopicConfig } from "../../schema/topic-config.ts";
import { readPartitionRow } from "./loaded.ts";
import type { Shell } from "./shell.ts";

const ERASE_SLICE_BATCHES = 200;
const ERASE_PAUSE_MS = 50;

/** All but the log, which goes in slices, and the row that stays. */
const SMALL_TABLES = Object.values(tables)
  .filter((table) => is(table, SQLiteTable))
  .map((table) => getTableName(table))
  .filter((name) => name !== "batch" && name !== "partition");

/** Creates tables and row on the first call; later ones find them. A deleted partition never opens again (LOG-9). */
export function openPartition(
  shell: Shell,
  request: { topic: string; topicId: string; partition: number; config: TopicConfig },
): Answer {
  shell.create();
  const row = readPartitionRow(shell.storage.sql);
  if (row?.status === "deleted") return refuse("unknown_topic", `topic ${row.topic} was deleted`);
  if (row !== undefined) return { ok: true };
  shell.storage.sql.exec(
    `INSERT INTO partition (id, status, topic, topic_id, partition, config, log_start_offset) VALUES (1, 'open', ?, ?, ?, ?, 0)`,
    request.topic,
    request.topicId,
    request.partition,
    JSON.stringify(request.config),
  );
  shell.reload();
  return { ok: true };
}

/** From here on nothing is readable. The row stays for ever, the data goes in slices by alarm. */
export function erase(shell: Shell): Answer {
  if (shell.loaded === undefined) return { ok: true };
  shell.transaction(() => {
    shell.storage.sql.exec("UPDATE partition SET status = 'deleted' WHERE id = 1");
    for (const table of SMALL_TABLES) shell.storage.sql.exec(`DROP TABLE ${table}`);
    void shell.storage.setAlarm(shell.now() + ERASE_PAUSE_MS);
  });
  shell.reload();
  return { ok: true };
}

/** The alarm of a deleted partition: some batches, then the table. */
export function eraseSlice(shell: Shell): void {
  const { sql } = shell.storage;
  if (sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'batch'").toArray().length === 0) return;
  const query =
    "DELETE FROM batch WHERE base_offset IN (SELECT base_offset FROM batch ORDER BY base_offset LIMIT ?) RETURNING 1";
  const removed = sql.exec(query, ERASE_SLICE_BATCHES).toArray().length;
  if (removed < ERASE_SLICE_BATCHES) sql.exec("DROP TABLE batch");
  else void shell.storage.setAlarm(shell.now() + ERASE_PAUSE_MS);
}
