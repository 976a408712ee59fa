// Kafka's RecordBatch, magic 2, big-endian: kafka.apache.org/documentation/#recordbatch and
// org.apache.kafka.common.record.DefaultRecordBatch. 61 bytes of header, then the records.

export const BASE_OFFSET_AT = 0;
/** Bytes after this field: the whole batch less `LENGTH_PREFIX_BYTES`. */
export const BATCH_LENGTH_AT = 8;
export const LENGTH_PREFIX_BYTES = 12;
export const PARTITION_LEADER_EPOCH_AT = 12;
export const MAGIC_AT = 16;
export const CRC_AT = 17;
/** The CRC-32C covers everything from here on; base offset and leader epoch are the log's to write. */
export const ATTRIBUTES_AT = 21;
export const LAST_OFFSET_DELTA_AT = 23;
export const BASE_TIMESTAMP_AT = 27;
export const MAX_TIMESTAMP_AT = 35;
export const PRODUCER_ID_AT = 43;
export const PRODUCER_EPOCH_AT = 51;
export const BASE_SEQUENCE_AT = 53;
export const RECORD_COUNT_AT = 57;
export const RECORDS_AT = 61;

export const MAGIC = 2;
/** Written by producers; a broker would put its own here. */
export const NO_PARTITION_LEADER_EPOCH = -1;

export const CODEC_MASK = 0x07;
export const LOG_APPEND_TIME_BIT = 0x08;
export const TRANSACTIONAL_BIT = 0x10;
export const CONTROL_BIT = 0x20;
export const KNOWN_ATTRIBUTES = CODEC_MASK | LOG_APPEND_TIME_BIT | TRANSACTIONAL_BIT | CONTROL_BIT;

/** In the order of their numbers in the attributes. */
export const CODECS = ["none", "gzip", "snappy", "lz4", "zstd"] as const;
export type Codec = (typeof CODECS)[number];

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
