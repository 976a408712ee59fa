/**
 * The closed table of refusals: HTTP status, whether the same request may succeed later, and a title.
 * A refusal is an expected answer and travels as a value; everything else that goes wrong is a bug and throws.
 */
export const errors = {
  invalid_request: { status: 400, retriable: false, title: "Invalid request" },
  invalid_timestamp: { status: 400, retriable: false, title: "Invalid timestamp" },
  partitions_fixed: { status: 400, retriable: false, title: "The number of partitions is fixed" },
  unauthenticated: { status: 401, retriable: false, title: "Unauthenticated" },
  fenced_producer: { status: 403, retriable: false, title: "Producer fenced by a newer epoch" },
  unknown_topic: { status: 404, retriable: false, title: "Unknown topic" },
  unknown_partition: { status: 404, retriable: false, title: "Unknown partition" },
  not_found: { status: 404, retriable: false, title: "Not found" },
  method_not_allowed: { status: 405, retriable: false, title: "Method not allowed" },
  topic_exists: { status: 409, retriable: false, title: "Topic exists with other settings" },
  topic_in_use: { status: 409, retriable: false, title: "Topic in use" },
  pipeline_paused: { status: 409, retriable: false, title: "Pipeline is not running" },
  out_of_order_sequence: { status: 409, retriable: false, title: "Sequence out of order" },
  sequence_reused: { status: 409, retriable: false, title: "Sequence reused with other records" },
  record_too_large: { status: 413, retriable: false, title: "Record too large" },
  batch_too_large: { status: 413, retriable: false, title: "Batch too large" },
  unsupported_media_type: { status: 415, retriable: false, title: "Unsupported media type" },
  offset_out_of_range: { status: 416, retriable: false, title: "Offset out of range" },
  sql_error: { status: 422, retriable: false, title: "The query cannot run" },
  query_too_expensive: { status: 422, retriable: false, title: "The query would read too much" },
  internal: { status: 500, retriable: true, title: "Internal error" },
  stale_plan: { status: 503, retriable: true, title: "Sent by another version of the code" },
  partition_full: { status: 503, retriable: true, title: "Partition full" },
  overloaded: { status: 503, retriable: true, title: "Overloaded" },
  timed_out: { status: 503, retriable: true, title: "Timed out" },
} as const;

export type ErrorCode = keyof typeof errors;

/**
 * An expected "no". `message` says what is wrong in PostgreSQL's manner (`offset 9 is beyond log end 7`),
 * `hint` what to do about it, `field` is the path of the offending input (`records[3].timestamp`).
 * `retriable` overrides the table's (an overtaking RecordBatch may be sent again, a stale sequence may not).
 */
export interface Refusal {
  readonly ok: false;
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string | undefined;
  readonly field?: string | undefined;
  readonly retriable?: boolean | undefined;
  /** Further fields of the problem document, e.g. `expectedSequence`. */
  readonly extra?: { readonly [name: string]: string | number | boolean } | undefined;
}

/** What every write or read across a layer answers. */
export type Answer<T extends object = object> = ({ readonly ok: true } & T) | Refusal;

export interface RefusalDetails {
  readonly hint?: string | undefined;
  readonly field?: string | undefined;
  readonly retriable?: boolean | undefined;
  readonly extra?: Refusal["extra"];
}

export function refuse(code: ErrorCode, message: string, details: RefusalDetails = {}): Refusal {
  return { ok: false, code, message, ...details };
}

/** RFC 9457 body. `type` is a stable URN; `detail` joins message and hint. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly retriable: boolean;
  readonly field?: string | undefined;
  readonly [extra: string]: unknown;
}

export function problemOf(refusal: Refusal): Problem {
  const { status, title, retriable } = errors[refusal.code];
  return {
    type: `urn:millrace:error:${refusal.code}`,
    title,
    status,
    code: refusal.code,
    detail: refusal.hint === undefined ? refusal.message : `${refusal.message}. ${refusal.hint}`,
    retriable: refusal.retriable ?? retriable,
    ...(refusal.field === undefined ? {} : { field: refusal.field }),
    ...refusal.extra,
  };
}
