export { Millrace, type MillraceOptions } from "./millrace.ts";
export { StreamError, type StreamErrorCode, type StreamErrorDetails } from "./stream-error.ts";
export type { RetryOptions } from "./backoff.ts";
export type { Clock } from "./clock.ts";
export type { Fetch } from "./transport.ts";
export type { TopicDescription, Topics, TopicSummary } from "./topics.ts";
export type {
  Forked,
  PipelineDescription,
  Pipelines,
  PipelineSummary,
  SqlOptions,
  SqlRows,
  Swapped,
  TopicOffset,
} from "./pipelines.ts";
export type { DeadLetter, DeadLetterFilter, DeadLetters, Redriven } from "./dead-letters.ts";
export type { Freshness, Store, StoreEntry, StoreRange, StoreRow, StoreWindow } from "./store.ts";
export type { FollowOptions, StoreChange, StoreChanges, StoreEvent, StoreSnapshot } from "./store-changes.ts";
export type { RowsOptions, TableRows, Tables } from "./tables.ts";
export type { Producer } from "./producer/producer.ts";
export type { ProducerIdentity, ProducerOptions } from "./producer/producer-settings.ts";
export type { ProducerPosition } from "./producer/registration.ts";
export type { RecordMetadata, RecordToSend } from "./producer/record-to-send.ts";
export type { ConsumerRecord } from "./reader/consumer-record.ts";
export type { Reader, ReaderOptions, ReadFrom } from "./reader/reader.ts";
