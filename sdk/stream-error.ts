import type { ErrorCode } from "../schema/error.ts";

/** What only the client says: no answer came, none was asked for, or it was not Millrace that answered. */
export type ClientErrorCode =
  | "unreachable"
  | "unexpected_answer"
  | "buffer_full"
  | "producer_failed"
  | "producer_closed";

/** The server's closed table, the client's own codes, and whatever a newer server may add. */
export type StreamErrorCode = ErrorCode | ClientErrorCode | (string & {});

/** Further fields of the problem document, e.g. `expectedSequence`, and what the client adds to them. */
export interface StreamErrorDetails {
  /** The server's Retry-After, ms. */
  readonly retryAfterMs?: number | undefined;
  /** The wrong input as the server names it: `records[3].timestamp`. */
  readonly field?: string | undefined;
  readonly [name: string]: unknown;
}

export interface StreamErrorFields {
  readonly code: StreamErrorCode;
  /** Whether the same call may succeed later. */
  readonly retriable: boolean;
  /** HTTP status, 0 where no answer came or no request was made. */
  readonly status?: number | undefined;
  readonly details?: StreamErrorDetails | undefined;
  readonly cause?: unknown;
}

/**
 * The one error this client throws. Decide by `code` and `retriable`, never by `message`.
 *
 * @example
 * ```ts
 * import { Millrace, StreamError } from "../sdk/index.ts";
 *
 * const client = new Millrace({ url: "http://127.0.0.1:8787" });
 * try {
 *   await client.topics.get("orders");
 * } catch (error) {
 *   if (!(error instanceof StreamError) || error.code !== "unknown_topic") throw error;
 *   await client.topics.create("orders", { partitions: 4 });
 * }
 * ```
 */
export class StreamError extends Error {
  override readonly name = "StreamError";
  readonly code: StreamErrorCode;
  readonly retriable: boolean;
  readonly status: number;
  readonly details: StreamErrorDetails;

  constructor(message: string, fields: StreamErrorFields) {
    super(message, { cause: fields.cause });
    this.code = fields.code;
    this.retriable = fields.retriable;
    this.status = fields.status ?? 0;
    this.details = fields.details ?? {};
  }
}
