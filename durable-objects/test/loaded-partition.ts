import { FOREVER } from "../../schema/limits.ts";
import { defaultConfig, type TopicConfig } from "../../schema/topic-config.ts";
import { Loaded, readPartitionRow } from "../partition/loaded.ts";
import { Plans } from "../plans.ts";

const config: TopicConfig = { ...defaultConfig, retentionMs: FOREVER };

/** A Partition's memory over its tables, opened with these settings, or opened again; there is no pipeline. */
export function loadedPartition(storage: DurableObjectStorage, settings: Partial<TopicConfig> = {}): Loaded {
  storage.sql.exec(
    `INSERT INTO partition (id, status, topic, topic_id, partition, config, log_start_offset)
     VALUES (1, 'open', 'orders', 'orders-1', 0, ?1, 0) ON CONFLICT DO UPDATE SET config = ?1`,
    JSON.stringify({ ...config, ...settings }),
  );
  const row = readPartitionRow(storage.sql);
  if (row === undefined) throw new Error("the row was written above");
  return new Loaded(storage, row, { plans: new Plans([]), before: undefined });
}
