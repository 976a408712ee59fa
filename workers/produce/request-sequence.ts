import { refuse, type Answer } from "../../schema/error.ts";
import { MAX_PRODUCER_ID_CHARACTERS } from "../../schema/limits.ts";

/** The three Producer-* headers of one request. */
export interface RequestProducer {
  readonly producerId: string;
  readonly epoch: number;
  readonly sequence: number;
}

function integerOf(name: string, text: string): Answer<{ readonly value: number }> {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value)) return { ok: true, value };
  return refuse("invalid_request", `${name} must be an integer from 0 to 2^53 - 1, not "${text.slice(0, 40)}"`, {
    field: name,
  });
}

/** All three headers or none (PRO-5). */
export function requestProducerOf(headers: Headers): Answer<{ readonly producer: RequestProducer | undefined }> {
  const producerId = headers.get("producer-id");
  const epochText = headers.get("producer-epoch");
  const sequenceText = headers.get("producer-sequence");
  if (producerId === null && epochText === null && sequenceText === null) return { ok: true, producer: undefined };
  if (producerId === null || epochText === null || sequenceText === null) {
    const hint = "Send all three or none";
    return refuse("invalid_request", "Producer-Id, Producer-Epoch and Producer-Sequence go together", { hint });
  }
  if (producerId === "" || producerId.length > MAX_PRODUCER_ID_CHARACTERS) {
    const message = `Producer-Id must have 1 to ${MAX_PRODUCER_ID_CHARACTERS} characters`;
    return refuse("invalid_request", message, { field: "Producer-Id" });
  }
  const epoch = integerOf("Producer-Epoch", epochText);
  if (!epoch.ok) return epoch;
  const sequence = integerOf("Producer-Sequence", sequenceText);
  if (!sequence.ok) return sequence;
  return { ok: true, producer: { producerId, epoch: epoch.value, sequence: sequence.value } };
}
