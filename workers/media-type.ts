/** `application/json; charset=UTF-8` → `application/json`; a charset other than UTF-8 stays and so matches nothing. */
export function mediaTypeOf(header: string | undefined): string {
  const [type = "", ...parameters] = (header ?? "").toLowerCase().split(";");
  const charset = parameters.map((parameter) => parameter.trim()).find((parameter) => parameter.startsWith("charset="));
  const utf8 = charset === undefined || /^charset="?utf-?8"?$/.test(charset);
  return utf8 ? type.trim() : `${type.trim()}; ${charset}`;
}

export const RECORD_BATCH_TYPE = "application/vnd.kafka.recordbatch";

export const EVENT_STREAM_TYPE = "text/event-stream";
