import { type Answer, refuse } from "../../../schema/error.ts";
import { MAX_SEQUENCE, REMEMBERED_BATCHES } from "../../../schema/limits.ts";

/** A batch accepted before, kept to answer its retry. Sequences inclusive. */
export interface RememberedBatch {
  readonly first: number;
  readonly last: number;
  readonly fingerprint: number;
  readonly baseOffset: number;
  readonly lastOffset: number;
}

export interface ProducerState {
  readonly epoch: number;
  /**
   * Sequence of the first batch accepted in this epoch: what lies before it was never stored, so it is no duplicate. Once
   * half the ring lies between, `last - 2^30`: as far back as a sequence can be told from one ahead.
   */
  readonly start: number;
  /** Newest last, at most REMEMBERED_BATCHES. */
  readonly recent: readonly RememberedBatch[];
}

export interface Attempt {
  readonly epoch: number;
  readonly first: number;
  readonly last: number;
  readonly fingerprint: number;
}

export type Verdict = Answer<
  { readonly duplicate: false } | { readonly duplicate: true; readonly baseOffset: number; readonly lastOffset: number }
>;

const accept: Verdict = { ok: true, duplicate: false };
const SEQUENCES = MAX_SEQUENCE + 1;
const HALF = SEQUENCES / 2;

/** `to - from` on Kafka's ring of sequences, in [-2^30, 2^30): RecordBatch sequences wrap after 2147483647 to 0. */
function distance(from: number, to: number): number {
  const ahead = sequenceAfter(to, -from);
  return ahead < HALF ? ahead : ahead - SEQUENCES;
}

export function sequenceAfter(sequence: number, count: number): number {
  return (((sequence + count) % SEQUENCES) + SEQUENCES) % SEQUENCES;
}

export function lastSequenceOf(state: ProducerState): number {
  return state.recent.at(-1)?.last ?? -1;
}

export function remember(
  state: ProducerState | undefined,
  attempt: Attempt,
  at: { baseOffset: number; lastOffset: number },
): ProducerState {
  const { epoch, first, last, fingerprint } = attempt;
  const entry: RememberedBatch = { first, last, fingerprint, ...at };
  if (state === undefined || state.epoch !== epoch) return { epoch, start: first, recent: [entry] };
  const start = distance(state.start, last) >= 0 ? state.start : sequenceAfter(last, -HALF);
  return { epoch, start, recent: [...state.recent, entry].slice(-REMEMBERED_BATCHES) };
}

/** One sequence a request; gaps are normal, since not every request touches every partition (IDP-1 … IDP-5). */
export function judgeRequest(state: ProducerState | undefined, attempt: Attempt): Verdict {
  const fenced = checkEpoch(state, attempt);
  if (fenced !== undefined) return fenced;
  if (state === undefined || attempt.epoch > state.epoch || attempt.first > lastSequenceOf(state)) return accept;
  const remembered = state.recent.find((batch) => batch.first === attempt.first);
  if (remembered !== undefined) return sameOrReused(remembered, attempt);
  return refuse(
    "out_of_order_sequence",
    `sequence ${attempt.first} is not above ${lastSequenceOf(state)}, the highest accepted`,
    {
      hint: "It is too old to tell a retry from a mistake: continue above the highest",
      retriable: false,
      extra: { lastSequence: lastSequenceOf(state) },
    },
  );
}

/** Sequences of RecordBatches count records and are contiguous in a partition (IDP-6 … IDP-9). */
export function judgeBatch(state: ProducerState | undefined, attempt: Attempt): Verdict {
  const fenced = checkEpoch(state, attempt);
  if (fenced !== undefined) return fenced;
  if (state === undefined || attempt.epoch > state.epoch) return accept;
  const expectedSequence = sequenceAfter(lastSequenceOf(state), 1);
  const ahead = distance(expectedSequence, attempt.first);
  if (ahead === 0) return accept;
  if (ahead > 0) {
    return refuse("out_of_order_sequence", `batch begins at sequence ${attempt.first}, expected ${expectedSequence}`, {
      hint: "Send the batches before it first, then this one again",
      retriable: true,
      extra: { expectedSequence },
    });
  }
  const remembered = state.recent.find((batch) => batch.first === attempt.first);
  if (remembered !== undefined) return sameOrReused(remembered, attempt);
  const oldest = state.recent[0];
  const belowRemembered = oldest !== undefined && distance(attempt.last, oldest.first) > 0;
  if (belowRemembered && distance(state.start, attempt.first) >= 0) {
    return { ok: true, duplicate: true, baseOffset: -1, lastOffset: -1 };
  }
  if (belowRemembered) {
    return refuse(
      "out_of_order_sequence",
      `sequence ${attempt.first} is before ${state.start}, where this producer began here`,
      {
        hint: "It was never stored: send it with a new epoch, and keep one batch in flight until the first is acknowledged",
        retriable: false,
        extra: { expectedSequence },
      },
    );
  }
  return reused(attempt.first);
}

function checkEpoch(state: ProducerState | undefined, attempt: Attempt): Verdict | undefined {
  if (state === undefined || attempt.epoch >= state.epoch) return undefined;
  return refuse("fenced_producer", `epoch ${attempt.epoch} is older than ${state.epoch}, the producer's newest`, {
    hint: "Another instance has taken over this producer id: stop, or start with a higher epoch",
  });
}

function sameOrReused(remembered: RememberedBatch, attempt: Attempt): Verdict {
  if (remembered.last !== attempt.last || remembered.fingerprint !== attempt.fingerprint) return reused(attempt.first);
  return { ok: true, duplicate: true, baseOffset: remembered.baseOffset, lastOffset: remembered.lastOffset };
}

function reused(sequence: number): Verdict {
  return refuse("sequence_reused", `sequence ${sequence} was accepted before with other records`, {
    hint: "Repeat a request only with the records it had, or take the next sequence",
  });
}
