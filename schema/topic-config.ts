import { DEFAULT_RETENTION_MS, DEFAULT_TIMESTAMP_AHEAD_MS, FOREVER, MAX_RECORD_BYTES } from "./limits.ts";

/** Settings of a topic, complete (defaults filled in). Shared by HTTP, the Catalog and every Partition. */
export interface TopicConfig {
  /** Age in ms by record time after which batches are removed; -1 keeps for ever. */
  readonly retentionMs: number;
  /** Size in bytes of one partition above which the oldest batches are removed; -1 is no bound. */
  readonly retentionBytes: number;
  /**
   * Retention waits for pipelines: what one of them has not read stays, however old or much it is. Where it does not, records
   * that go unread are counted as `skippedRecords` of the task.
   */
  readonly holdForPipelines: boolean;
  readonly cleanupPolicy: "delete";
  readonly timestampType: "CreateTime" | "LogAppendTime";
  /** How far ahead of the clock a CreateTime may be, ms. */
  readonly timestampAheadMs: number;
  /** Largest record accepted, as stored before compression. */
  readonly maxRecordBytes: number;
}

export const defaultConfig: TopicConfig = {
  retentionMs: DEFAULT_RETENTION_MS,
  retentionBytes: FOREVER,
  holdForPipelines: true,
  cleanupPolicy: "delete",
  timestampType: "CreateTime",
  timestampAheadMs: DEFAULT_TIMESTAMP_AHEAD_MS,
  maxRecordBytes: MAX_RECORD_BYTES,
};

/** As it was stored, also by code that did not have all settings. */
export function readConfig(json: string): TopicConfig {
  return { ...defaultConfig, ...(JSON.parse(json) as Partial<TopicConfig>) };
}
