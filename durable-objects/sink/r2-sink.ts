import { joinBytes } from "../bytes.ts";
import type { Outcome, Parcel, Sink } from "./sink.ts";

const SEQUENCE_DIGITS = 10;

/**
 * One object from the rows of a decided file: repeated with the same bytes under the same key until it is confirmed, so a
 * PUT whose answer was lost changes nothing (SNK-21).
 */
export class R2Sink implements Sink {
  readonly #bucket: R2Bucket;

  constructor(bucket: R2Bucket) {
    this.#bucket = bucket;
  }

  async deliver(parcel: Parcel): Promise<Outcome> {
    const last = parcel.rows.at(-1)?.sequence ?? 0;
    await this.#bucket.put(objectKey(parcel), joinBytes(parcel.rows.map((row) => row.body)), {
      httpMetadata: { contentType: "application/x-ndjson" },
    });
    return { kind: "delivered", through: last };
  }
}

/** `<prefix>/<path>/<incarnation>-<task>-<from>-<to>.ndjson`, sequences padded so that a listing is in order. */
function objectKey({ target, incarnation, taskName, rows }: Parcel): string {
  const from = String(rows[0]?.sequence ?? 0).padStart(SEQUENCE_DIGITS, "0");
  const to = String(rows.at(-1)?.sequence ?? 0).padStart(SEQUENCE_DIGITS, "0");
  return `${target.slice("r2:".length)}/${incarnation}-${taskName}-${from}-${to}.ndjson`;
}
