import { MAX_UNFOLDED_BYTES } from "../../schema/limits.ts";
import { recordsSection } from "../../schema/record-batch/compress.ts";
import { crc32c } from "../../schema/record-batch/crc32c.ts";
import { batchesIn, forEachRecord, readHeader } from "../../schema/record-batch/decode.ts";
import { ATTRIBUTES_AT } from "../../schema/record-batch/layout.ts";
import type { Bytes, ConsumerRecord as StoredRecord } from "../../schema/record.ts";
import { gunzip } from "../gzip.ts";
import { StreamError } from "../stream-error.ts";
import type { Received } from "../transport.ts";

/** One answer of a read, as far as it concerns a reader. */
export interface ReadAnswer {
  readonly records: readonly StoredRecord[];
  /** What was asked for, as a number. */
  readonly startOffset: number;
  readonly nextOffset: number;
  readonly logStartOffset: number;
  readonly logEndOffset: number;
}

/**
 * Every record of the batches that an answer carries, those before the wanted offset too. Rejects, retriable, for bytes
 * that are not whole batches with the CRC they say: an answer that was cut or changed on its way is read again.
 */
export async function decodeAnswer(received: Received): Promise<ReadAnswer> {
  const records: StoredRecord[] = [];
  try {
    for (const batch of batchesIn(received.body)) await decodeBatch(batch, records);
  } catch (cause) {
    throw unexpected(`the answer is not a sequence of whole batches: ${String(cause)}`, cause);
  }
  return {
    records,
    startOffset: offsetIn(received, "Millrace-Start-Offset"),
    nextOffset: offsetIn(received, "Millrace-Next-Offset"),
    logStartOffset: offsetIn(received, "Millrace-Log-Start-Offset"),
    logEndOffset: offsetIn(received, "Millrace-Log-End-Offset"),
  };
}

async function decodeBatch(batch: Bytes, records: StoredRecord[]): Promise<void> {
  const { crc, codec } = readHeader(batch);
  if (crc32c(batch, ATTRIBUTES_AT) !== crc) throw new Error("the CRC of a batch does not match");
  if (codec !== "none" && codec !== "gzip") throw new Error(`codec ${codec} is not available`);
  // The decoder is synchronous and the platform's gzip is not, so it gets what is unfolded already.
  const unfolded = codec === "gzip" ? await gunzip(recordsSection(batch), MAX_UNFOLDED_BYTES) : batch;
  forEachRecord(
    batch,
    () => unfolded,
    (record) => void records.push(record),
  );
}

function offsetIn({ headers }: Received, name: string): number {
  const text = headers.get(name);
  if (text === null || !/^\d{1,16}$/.test(text)) throw unexpected(`the answer has no ${name} header`);
  return Number(text);
}

function unexpected(message: string, cause?: unknown): StreamError {
  return new StreamError(message, { code: "unexpected_answer", retriable: true, cause });
}
