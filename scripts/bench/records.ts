import type { RecordToSend } from "../../sdk/index.ts";

export interface RecordShape {
  readonly count: number;
  /** Of the value; the key comes on top. */
  readonly bytes: number;
  readonly keys: number;
  /** Hours before now that the times begin: 6 unless told. */
  readonly hoursAgo?: number | undefined;
}

const HOUR_MS = 3_600_000;
/** One-hour windows that each key gets. */
export const HOURS = 3;

/** `{"value":17,"pad":"xxx…"}` under `key-0` … in turn, with times that grow evenly over three hours. */
export function* records({ count, bytes, keys, hoursAgo = 2 * HOURS }: RecordShape): Generator<RecordToSend> {
  const startMs = Math.floor(Date.now() / HOUR_MS - hoursAgo) * HOUR_MS;
  for (let index = 0; index < count; index++) {
    const head = `{"value":${index % 1_000},"pad":"`;
    yield {
      key: `key-${index % keys}`,
      text: `${head}${"x".repeat(bytes - head.length - 2)}"}`,
      timestampMs: startMs + Math.floor((index / count) * HOURS * HOUR_MS),
    };
  }
}
