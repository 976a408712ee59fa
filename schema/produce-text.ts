// The two JSON bodies of a produce request: `{"records": […]}` and NDJSON.

import { type Answer, type Refusal, refuse } from "./error.ts";
import { JsonReader } from "./json-reader.ts";
import { type Outcome, type ProduceInput, ProduceRecordReader } from "./produce-record.ts";
import type { Bytes } from "./record.ts";
import { readUtf8 } from "./utf8.ts";

const LINE_FEED = 0x0a;
const OPEN_ARRAY = 0x5b;
const OPEN_OBJECT = 0x7b;

const BODY_HINT = 'Send {"records": [{"key": …, "value": …}]}';
const LINES_HINT = 'Send a record object on each line: {"key": …, "value": …}';

export type ProduceInputs = Answer<{ readonly records: ProduceInput[] }>;

/** Reads `{"records": […]}` in one pass over the bytes. Keys and values may be views of `body` (JSN-3). */
export function readProduceBody(body: Bytes): ProduceInputs {
  const json = new JsonReader(body, afterByteOrderMark(body));
  const reader = new ProduceRecordReader(json);
  if (json.peek() !== OPEN_OBJECT) return invalid("the body is not a JSON object", BODY_HINT, "body");
  let seen = false;
  const outcome = json.object((from, to) => {
    const name = readUtf8(body, from, Math.min(to, from + 100));
    if (name !== "records") return invalid(`${name}: unknown field`, BODY_HINT, name);
    if (seen) return invalid("records: given twice", BODY_HINT, "records");
    seen = true;
    return readRecords(json, reader);
  });
  if (outcome === "malformed") return invalid(`the body is not valid JSON at byte ${json.at}`, BODY_HINT);
  if (outcome !== undefined) return outcome;
  if (json.peek() !== undefined) return invalid(`the body goes on after its end, at byte ${json.at}`, BODY_HINT);
  return answer(reader);
}

function readRecords(json: JsonReader, reader: ProduceRecordReader): Outcome {
  if (json.bytes[json.at] !== OPEN_ARRAY) return invalid("records: not an array", BODY_HINT, "records");
  const outcome = json.array(reader.read);
  return outcome === "malformed" ? reader.malformed() : outcome;
}

/** Reads NDJSON, one record object a line, ended by LF or CRLF; lines of whitespace alone are none (JSN-4). */
export function readProduceLines(body: Bytes): ProduceInputs {
  const json = new JsonReader(body, afterByteOrderMark(body));
  const reader = new ProduceRecordReader(json);
  // JSON has no line feed inside a string, so every line feed ends a line.
  for (let end = -1; json.at < body.length; json.at = end + 1) {
    const feed = body.indexOf(LINE_FEED, json.at);
    end = feed < 0 ? body.length : feed;
    reader.line++;
    json.peek();
    if (json.at >= end) continue;
    const outcome = reader.read();
    if (outcome !== undefined) return outcome;
    const place = `records[${reader.records.length - 1}]`;
    if (json.at > end) return invalid(`${place} (line ${reader.line}): goes on in the next line`, LINES_HINT, place);
    json.peek();
    if (json.at < end) return invalid(`${place} (line ${reader.line}): more follows on its line`, LINES_HINT, place);
  }
  return answer(reader);
}

/** RFC 8259 section 8.1 lets a reader ignore it, and some editors and shells write it (JSN-9). */
function afterByteOrderMark(body: Bytes): number {
  return body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? 3 : 0;
}

function answer({ records }: ProduceRecordReader): ProduceInputs {
  if (records.length > 0) return { ok: true, records };
  return invalid("records: there are none", "Send at least one record", "records");
}

function invalid(message: string, hint: string, field?: string): Refusal {
  return refuse("invalid_request", message, { hint, field });
}
