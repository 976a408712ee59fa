import { refuse, type Refusal } from "./error.ts";
import type { TopicConfig } from "./topic-config.ts";

export interface BatchFigures {
  /** Size of the largest record unfolded, bytes. */
  readonly largestRecordBytes: number;
  readonly maxTimestampMs: number;
}

/** What a topic's settings forbid: too large a record, and a CreateTime too far ahead (LOG-13). A LogAppendTime topic gives times itself. */
export function checkBatch(config: TopicConfig, batch: BatchFigures, nowMs: number): Refusal | undefined {
  const { maxRecordBytes, timestampType, timestampAheadMs } = config;
  const { largestRecordBytes, maxTimestampMs } = batch;
  if (largestRecordBytes > maxRecordBytes) {
    const message = `a record of ${largestRecordBytes} bytes is above the topic's maxRecordBytes of ${maxRecordBytes}`;
    return refuse("record_too_large", message, { hint: "Send smaller records or raise maxRecordBytes of the topic" });
  }
  if (timestampType === "CreateTime" && maxTimestampMs > nowMs + timestampAheadMs) {
    const message = `timestamp ${maxTimestampMs} is more than ${timestampAheadMs} ms ahead of the clock`;
    const hint = "Send milliseconds since epoch, or raise timestampAheadMs of the topic";
    return refuse("invalid_timestamp", message, { hint });
  }
  return undefined;
}
