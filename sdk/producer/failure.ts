import { StreamError } from "../stream-error.ts";
import type { Outcome } from "./sequence-window.ts";

/** What a record's error says about it in `details.stored`: "unknown" may be stored, "no" may be sent again. */
export type Stored = "no" | "unknown";

export interface Place {
  readonly topic: string;
  readonly partition: number;
}

const FATAL: readonly string[] = ["fenced_producer", "sequence_reused", "out_of_order_sequence"];

/** What the end of one flight says about its batch (SDK-19). */
export function outcomeOf(error: StreamError): Outcome {
  if (error.code === "out_of_order_sequence" && error.retriable) return "overtook";
  // Only Millrace's own refusal is certain: anything in between may answer after the batch has been stored.
  const refused = !error.retriable && error.code !== "unexpected_answer" && error.status >= 400 && error.status < 500;
  return refused ? "refused" : "unknown";
}

/** Refusals after which no sequence of this producer is right any more (SDK-24). */
export function fatal(error: StreamError): boolean {
  return FATAL.includes(error.code) && !error.retriable;
}

/** A batch that was refused for good. */
export function refusal(place: Place, cause: StreamError, stored: Stored): StreamError {
  const doubt = stored === "unknown" ? "; an earlier try may have been stored" : "";
  return new StreamError(`${nameOf(place)}: ${cause.message}${doubt}`, {
    code: cause.code,
    retriable: false,
    status: cause.status,
    details: { ...cause.details, ...place, stored },
    cause,
  });
}

/** A batch given up without an answer. Retriable only where a second send cannot store it twice. */
export function givenUp(
  place: Place,
  deliveryTimeoutMs: number,
  why: { stored: Stored; cause?: unknown },
): StreamError {
  const doubt =
    why.stored === "unknown"
      ? "it may or may not be stored: read the partition before you send it again"
      : "it is not stored: send it again";
  return new StreamError(
    `${nameOf(place)} acknowledged no record of this batch within ${deliveryTimeoutMs} ms; ${doubt}`,
    {
      code: "timed_out",
      retriable: why.stored === "no",
      details: { ...place, stored: why.stored },
      cause: why.cause,
    },
  );
}

/** Every record of a partition from which this producer can no longer know the order. */
export function producerFailed(place: Place, reason: string, cause?: unknown): StreamError {
  const advice =
    "Records that fail with this may or may not be stored: read the partition, then go on with a new producer";
  return new StreamError(`${nameOf(place)} takes no more records from this producer: ${reason}. ${advice}`, {
    code: "producer_failed",
    retriable: false,
    details: { ...place, stored: "unknown" },
    cause,
  });
}

function nameOf({ topic, partition }: Place): string {
  return `${topic}/${partition}`;
}
