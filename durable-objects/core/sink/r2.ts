import { MAX_RECORD_BYTES } from "../../../schema/limits.ts";
import type { R2Sink } from "../../../schema/sinks.ts";
import type { StreamRecord } from "../operator/stream-record.ts";
import { LineTarget } from "./line-target.ts";
import type { Outbox } from "./outbox.ts";
import type { RecordSink } from "./record-sink.ts";

const encoder = new TextEncoder();
const NOTHING = new Uint8Array(0);
/** An R2 key ends at 1,024 bytes: prefix, path and the name of the file share them. */
const MAX_PATH_BYTES = 500;
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/u;
/** In JSON text line breaks stand only between tokens, where a space means the same. */
const LINE_BREAKS = /[\r\n]+/g;

/** Lines of NDJSON: the record's value as its JSON text. */
export class R2Lines implements RecordSink {
  readonly #sink: R2Sink;
  readonly #outbox: Outbox;

  constructor(sink: R2Sink, outbox: Outbox) {
    this.#sink = sink;
    this.#outbox = outbox;
  }

  write(record: StreamRecord): void {
    const path = checkPath(this.#sink.path(record.value, record.key, record.context));
    if (record.value === null) throw new TypeError("a tombstone has no line in a file; filter nulls before the sink");
    const line = encoder.encode(`${record.payload.json("value").replace(LINE_BREAKS, " ")}\n`);
    if (line.length > MAX_RECORD_BYTES)
      throw new RangeError(`a line of ${line.length} bytes is above the limit of ${MAX_RECORD_BYTES}`);
    this.#outbox.put(`r2:${this.#sink.prefix}/${path}`, line, (target) => new LineTarget(target, NOTHING));
  }
}

function checkPath(path: unknown): string {
  if (typeof path !== "string") throw new TypeError(`path returned ${typeof path}, not text`);
  if (path.split("/").some((part) => part === "" || part === "." || part === "..")) {
    throw new TypeError(`path ${JSON.stringify(path)} has an empty, "." or ".." part`);
  }
  if (UNPRINTABLE.test(path)) throw new TypeError(`path ${JSON.stringify(path)} has an unprintable character`);
  if (encoder.encode(path).length > MAX_PATH_BYTES) throw new RangeError(`path is above ${MAX_PATH_BYTES} bytes`);
  return path;
}
