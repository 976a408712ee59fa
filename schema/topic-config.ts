/** Settings of a topic, complete (defaults filled in). Shared by HTTP, the Catalog and every Partition. */
export interface TopicConfig {
  /** Age in ms by record time after which batches are removed; -1 keeps for ever. */
  readonly retentionMs: number;
  /** Size in bytes of one partition above which the oldest batches are removed; -1 is no bound. */
  readonly retentionBytes: number;
  readonly cleanupPolicy: "delete";
  readonly timestampType: "CreateTime" | "LogAppendTime";
  /** How far ahead of the clock a CreateTime may be, ms. */
  readonly timestampAheadMs: number;
  /** Largest record accepted, as stored before compression. */
  readonly maxRecordBytes: number;
}
