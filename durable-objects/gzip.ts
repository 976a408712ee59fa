import { gunzipSync } from "node:zlib";
import type { Decompress } from "../schema/record-batch/decode.ts";

/** Codecs of stored batches. An ingress has refused every other codec, so meeting one here is a bug. */
export const decompress: Decompress = (codec, data, maxBytes) => {
  if (codec !== "gzip") throw new Error(`codec ${codec} is not available`);
  return gunzipSync(data, { maxOutputLength: maxBytes });
};
