import { MAX_HEADER_BYTES, MAX_KEY_BYTES, MAX_RECORD_BYTES } from "../../../schema/limits.ts";
import { partitionForKey } from "../../../schema/murmur2.ts";
import type { TopicSink } from "../../../schema/sinks.ts";
import type { Bytes } from "../../../schema/record.ts";
import type { EncodableRecord } from "../../../schema/record-batch/encode.ts";
import type { StreamRecord } from "../operator/stream-record.ts";
import type { Outbox } from "./outbox.ts";
import { RecordTarget } from "./record-target.ts";
import type { RecordSink } from "./record-sink.ts";

const encoder = new TextEncoder();

/** Records for a topic, with the time of the result and the headers of the record they come from. */
export class TopicRecords implements RecordSink {
  readonly #sink: TopicSink;
  readonly #partitions: number;
  readonly #targets: readonly string[];
  readonly #outbox: Outbox;

  constructor(sink: TopicSink, partitions: number, outbox: Outbox) {
    this.#sink = sink;
    this.#partitions = partitions;
    this.#targets = Array.from({ length: partitions }, (_, partition) => `topic:${sink.topic}/${partition}`);
    this.#outbox = outbox;
  }

  write(record: StreamRecord): void {
    const { timestampMs } = record;
    const came = record.origin.record;
    const key = record.keyBytes;
    const value = record.payload.encoded(this.#sink.format, "value");
    const unchanged = value === came.value && key === came.key && timestampMs === came.timestampMs;
    const item = unchanged ? came : { key, value, timestampMs, headers: came.headers };
    checkSize(item);
    const partition = partitionForKey(placingBytes(record, key), this.#partitions);
    this.#outbox.put(this.#targets[partition] as string, item, recordTarget);
  }
}

function recordTarget(target: string): RecordTarget {
  return new RecordTarget(target);
}

/** A record that its topic would refuse is refused here, where its cause is known. */
function checkSize({ key, value, headers }: Omit<EncodableRecord, "timestampMs">): void {
  if (key !== null && key.length > MAX_KEY_BYTES) {
    throw new RangeError(`the key is ${key.length} bytes, the limit is ${MAX_KEY_BYTES}`);
  }
  // A UTF-16 unit is at most three bytes.
  const most = (typeof value === "string" ? 3 : 1) * (value?.length ?? 0);
  if (most + MAX_KEY_BYTES + MAX_HEADER_BYTES <= MAX_RECORD_BYTES) return;
  const bytes = typeof value === "string" ? encoder.encode(value).length : (value?.length ?? 0);
  let size = (key?.length ?? 0) + bytes;
  for (const header of headers) size += header.key.length + (header.value?.length ?? 0);
  if (size > MAX_RECORD_BYTES) throw new RangeError(`the record is ${size} bytes, the limit is ${MAX_RECORD_BYTES}`);
}

/**
 * What decides the partition: the key, of a windowed one the key without its window (Kafka's WindowedStreamPartitioner);
 * without a key the place that the record came from.
 */
function placingBytes({ key, origin }: StreamRecord, bytes: Bytes | null): Bytes {
  if (key === null || bytes === null)
    return encoder.encode(`${origin.topic}/${origin.partition}/${origin.record.offset}`);
  return typeof key === "string" ? bytes : origin.keyBytes(key.key);
}
