// `{"base64": "…"}`: how a JSON body carries bytes (JSN-5, JSN-7).

import { decodeBase64Text } from "./base64.ts";
import { unescapeJson } from "./json-string.ts";
import { skipJson, skipSpace, skipString } from "./json-text.ts";
import type { Bytes } from "./record.ts";
import { readUtf8 } from "./utf8.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LOWER_B = 0x62;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * The bytes that the value at `at`, which is valid JSON, carries. Undefined when it is another value, or an object with
 * other fields besides; "malformed" when its one field is `base64` but not a string of base64.
 */
export function readBase64Object(json: Bytes, at: number): Bytes | "malformed" | undefined {
  if (json[at] !== OPEN_OBJECT) return undefined;
  const nameAt = skipSpace(json, at + 1) + 1;
  // Most objects leave here.
  if (json[nameAt] !== LOWER_B && json[nameAt] !== BACKSLASH) return undefined;
  const nameEnd = skipString(json, nameAt);
  const name = unescapeJson(json.subarray(nameAt, nameEnd - 1));
  if (name === undefined || readUtf8(name) !== "base64") return undefined;
  const valueAt = skipSpace(json, skipSpace(json, nameEnd) + 1);
  const valueEnd = skipJson(json, valueAt);
  if (json[skipSpace(json, valueEnd)] !== CLOSE_OBJECT) return undefined;
  if (json[valueAt] !== QUOTE) return "malformed";
  const text = unescapeJson(json.subarray(valueAt + 1, valueEnd - 1));
  return (text === undefined ? undefined : decodeBase64Text(text)) ?? "malformed";
}
