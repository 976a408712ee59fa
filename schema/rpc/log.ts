import type { Bytes, Header } from "../record.ts";
import type { TopicConfig } from "../topic-config.ts";
import type { PlanIdentity } from "./task.ts";

export interface TopicIdentity {
  readonly topic: string;
  /** New for every creation, so a topic created again never meets old data. */
  readonly topicId: string;
  readonly partitions: number;
  readonly config: TopicConfig;
}

/** The Durable Object name of a partition. */
export function partitionName(topicId: string, partition: number): string {
  return `${topicId}/${partition}`;
}

/**
 * One RecordBatch for one partition. The caller (an ingress Worker) has validated it whole: CRC, record count, dense
 * offset deltas, contents within limits, timestamps up to MAX_TIMESTAMP_MS. The Partition does not look inside again; it
 * checks what only it knows: the topic's settings against the largest record and the largest time, and the producer.
 */
export interface AppendRequest {
  readonly batch: Bytes;
  /** Size of the largest record unfolded, bytes. */
  readonly largestRecordBytes: number;
  /** Set when the request carried Producer-Id/Epoch/Sequence headers; absent, the batch's own producer fields count. */
  readonly requestSequence?: RequestSequence | undefined;
  /** Answer only when tasks per event have run these records, or when what they sent has arrived. */
  readonly await?: "processed" | "delivered" | undefined;
}

export interface RequestSequence {
  readonly producerId: string;
  readonly epoch: number;
  readonly sequence: number;
  /** Equal for equal records; does not see timestamps that the server filled in. */
  readonly fingerprint: number;
}

/** What a task per event sent for the records of an append. */
export interface Processed {
  readonly pipeline: string;
  readonly records: readonly SentRecord[];
}

/** A record that a task sent to a users' topic. */
export interface SentRecord {
  readonly topic: string;
  readonly partition: number;
  readonly key: Bytes | null;
  readonly value: Bytes | null;
  readonly timestampMs: number;
  readonly headers: readonly Header[];
}

export interface Appended {
  /** -1 where a duplicate is older than what is remembered. */
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly duplicate: boolean;
  /** With `await: "processed"`; absent after too long a backlog, and for a duplicate. */
  readonly processed?: readonly Processed[] | undefined;
  /** With `await: "delivered"`; false when it took too long. */
  readonly delivered?: boolean | undefined;
}

export interface ReadRequest {
  readonly from: { readonly offset: number } | { readonly timestampMs: number } | "earliest" | "latest";
  readonly maxBytes: number;
  readonly maxRecords: number;
  /** Long poll: wait this long, ms, for a first record. */
  readonly waitMs: number;
}

export interface ReadAnswer {
  /** Stored batches one after another; the first may begin before `startOffset`, the last may end after the wanted count. */
  readonly batches: Bytes;
  /** First offset the reader asked for, resolved. */
  readonly startOffset: number;
  readonly logStartOffset: number;
  readonly logEndOffset: number;
}

export interface PartitionDescription {
  readonly partition: number;
  readonly logStartOffset: number;
  readonly logEndOffset: number;
  readonly bytes: number;
  /** Largest record time, -1 when empty. */
  readonly lastTimestamp: number;
}

export interface ProducerPosition {
  readonly epoch: number;
  readonly lastSequence: number;
}

/** Rows of another task's outbox, in sequence order. */
export interface DeliverRequest {
  /** `pipeline/incarnation/topicId/partition` of the sending task. */
  readonly source: string;
  readonly rows: readonly { readonly sequence: number; readonly batch: Bytes }[];
  /** To an internal topic: the code that sends. A task that runs other code refuses it as `stale_plan` (ENG-24). */
  readonly code?: PlanIdentity | undefined;
}
