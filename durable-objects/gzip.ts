import { gunzipSync } from "node:zlib";
import type { Decompress } from "../schema/record-batch/decode.ts";

/**
 * Codecs that a batch may have when it arrives, and so when it is stored (BAT-14). An ingress turns the throw into a refusal;
 * behind it, another codec is a bug.
 */
export const decompress: Decompress = (codec, data, maxBytes) => {
  if (codec !== "gzip") throw new Error(`codec ${codec} is not available`);
  return gunzipSync(data, { maxOutputLength: maxBytes });
};
