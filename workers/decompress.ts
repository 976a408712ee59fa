import { gunzipSync } from "node:zlib";
import type { Decompress } from "../schema/record-batch/decode.ts";

/** Codecs that a RecordBatch may have when it arrives, and so when it is read. */
export const decompress: Decompress = (codec, data, maxBytes) => {
  if (codec !== "gzip") throw new Error(`codec ${codec} is not available`);
  return gunzipSync(data, { maxOutputLength: maxBytes });
};
