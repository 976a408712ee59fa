import { TARGET_BATCH_BYTES } from "../../schema/limits.ts";
import { StreamError } from "../stream-error.ts";

/**
 * Five batches a partition are under way, and a server holds each of them several times: read, handed on, stored. An
 * isolate has 128 MB; larger batches would save it requests, and cost it memory.
 */
export const DEFAULT_BATCH_BYTES = 600_000;

export interface ProducerOptions {
  /** Of an earlier run, from `producer.identity()`, to go on where it ended. One is allocated when absent. */
  readonly producerId?: number | undefined;
  /** With `producerId`. One more than the earlier run's fences requests of it that are still under way. */
  readonly producerEpoch?: number | undefined;
  /** A batch is sent when it has this size, before compression. Default 600 000, at most 1 000 000. */
  readonly batchBytes?: number | undefined;
  /** … or when its first record has waited this long, ms. Default 5. */
  readonly lingerMs?: number | undefined;
  readonly compression?: "none" | "gzip" | undefined;
  /** `ready` waits while records of this size are under way; `send` refuses at twice as much. Default 32 MB. */
  readonly bufferBytes?: number | undefined;
  /**
   * How long a batch may wait for its acknowledgement, from its first record on and all tries together, ms. The first
   * records of a topic wait as long again, at most, for its partitions. Default 120 000.
   */
  readonly deliveryTimeoutMs?: number | undefined;
}

export interface ProducerIdentity {
  readonly producerId: number;
  readonly producerEpoch: number;
}

export interface ProducerSettings {
  readonly given: ProducerIdentity | undefined;
  readonly batchBytes: number;
  readonly lingerMs: number;
  readonly compression: "none" | "gzip";
  readonly bufferBytes: number;
  readonly deliveryTimeoutMs: number;
}

export function producerSettings(options: ProducerOptions): ProducerSettings {
  const { producerId, producerEpoch } = options;
  if ((producerId === undefined) !== (producerEpoch === undefined)) {
    const message = "producerId and producerEpoch go together";
    throw new StreamError(message, { code: "invalid_request", retriable: false });
  }
  return {
    given: producerId === undefined || producerEpoch === undefined ? undefined : { producerId, producerEpoch },
    batchBytes: Math.min(options.batchBytes ?? DEFAULT_BATCH_BYTES, TARGET_BATCH_BYTES),
    lingerMs: options.lingerMs ?? 5,
    compression: options.compression ?? "none",
    bufferBytes: options.bufferBytes ?? 32_000_000,
    deliveryTimeoutMs: options.deliveryTimeoutMs ?? 120_000,
  };
}
