// Random networks and random producers against judgeRequest and judgeBatch.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MAX_SEQUENCE, REMEMBERED_BATCHES } from "../../../schema/limits.ts";
import * as producer from "./producer-state.ts";

type Judge = typeof producer.judgeBatch;

/** A partition's side: judges, stores, remembers. */
class Log {
  readonly stored: producer.Attempt[] = [];
  readonly #judge: Judge;
  #state: producer.ProducerState | undefined;
  #end = 0;

  constructor(judge: Judge) {
    this.#judge = judge;
  }

  take(attempt: producer.Attempt): producer.Verdict {
    const verdict = this.#judge(this.#state, attempt);
    if (!verdict.ok || verdict.duplicate) return verdict;
    const lastOffset = this.#end + producer.sequenceAfter(attempt.last, 1 - attempt.first) - 1;
    this.#state = producer.remember(this.#state, attempt, { baseOffset: this.#end, lastOffset });
    this.#end = lastOffset + 1;
    this.stored.push(attempt);
    return verdict;
  }

  /** Base offset of a stored batch. */
  offsetOf(attempt: producer.Attempt): number {
    const before = this.stored.slice(0, this.stored.indexOf(attempt));
    return before.reduce((sum, { first, last }) => sum + producer.sequenceAfter(last, 1 - first), 0);
  }
}

/** A producer that keeps the documented rules: at most `window` unacknowledged, the very first one alone. */
class Client {
  readonly #batches: readonly producer.Attempt[];
  readonly #window: number;
  readonly #acknowledged = new Set<producer.Attempt>();

  constructor(batches: readonly producer.Attempt[], window: number) {
    this.#batches = batches;
    this.#window = window;
  }

  /** What it may send now, oldest first; some for the first time, some again. */
  get sendable(): producer.Attempt[] {
    const oldest = this.#batches.findIndex((batch) => !this.#acknowledged.has(batch));
    if (oldest < 0) return [];
    const window = oldest === 0 ? 1 : this.#window;
    return this.#batches.slice(oldest, oldest + window).filter((batch) => !this.#acknowledged.has(batch));
  }

  hear(batch: producer.Attempt, verdict: producer.Verdict, log: Log): void {
    if (!verdict.ok) {
      // An answer to a copy that came late; the batch itself was acknowledged, or may be sent again.
      if (!this.#acknowledged.has(batch))
        expect(verdict).toMatchObject({ code: "out_of_order_sequence", retriable: true });
      return;
    }
    if (verdict.duplicate && !this.#acknowledged.has(batch)) expect(verdict.baseOffset).toBe(log.offsetOf(batch));
    this.#acknowledged.add(batch);
  }
}

const step = fc.record({
  kind: fc.constantFrom("send", "arrive", "arrive", "arrive", "overtake", "duplicate", "lose", "answer", "loseAnswer"),
  pick: fc.nat(1_000),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** The steps in any order, then a network that loses nothing until all is acknowledged, and at last every late copy. */
function deliverAll(
  batches: readonly producer.Attempt[],
  window: number,
  { log, steps }: { log: Log; steps: readonly Step[] },
): void {
  const client = new Client(batches, window);
  const requests: producer.Attempt[] = [];
  const answers: { readonly batch: producer.Attempt; readonly verdict: producer.Verdict }[] = [];
  const arrive = (batch: producer.Attempt | undefined): void => {
    if (batch === undefined) return;
    const verdict = log.take(batch);
    if (verdict.ok) expect(log.stored).toContain(batch);
    answers.push({ batch, verdict });
  };
  const hear = (): void => {
    const answer = answers.shift();
    if (answer !== undefined) client.hear(answer.batch, answer.verdict, log);
  };
  for (const { kind, pick } of steps) {
    if (kind === "send") requests.push(...client.sendable);
    else if (kind === "arrive") arrive(requests.shift());
    else if (kind === "overtake") arrive(taken(requests, pick));
    else if (kind === "duplicate") arrive(requests[pick % Math.max(1, requests.length)]);
    else if (kind === "lose") taken(requests, pick);
    else if (kind === "answer") hear();
    else taken(answers, pick);
  }
  for (let rounds = 0; client.sendable.length > 0; rounds++) {
    expect(rounds).toBeLessThan(2 * batches.length);
    client.sendable.forEach(arrive);
    while (answers.length > 0) hear();
  }
  requests.forEach(arrive);
}

function taken<T>(items: T[], pick: number): T | undefined {
  return items.splice(pick % Math.max(1, items.length), 1)[0];
}

const counts = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 12, size: "max" });
// Without `size` fast-check makes arrays of about ten.
const steps = fc.array(step, { maxLength: 120, size: "max" });

describe("a network that loses, doubles and reorders", () => {
  test("stores batches, five in flight, each once and in order [IDP-10]", () => {
    fc.assert(
      fc.property(counts, fc.constantFrom(0, 5, MAX_SEQUENCE - 6), steps, (sizes, start, schedule) => {
        const batches = batchesOf(sizes, start);
        const log = new Log(producer.judgeBatch);
        deliverAll(batches, 5, { log, steps: schedule });
        expect(log.stored).toEqual(batches);
      }),
      { numRuns: 200 },
    );
  });

  test("stores requests, one in flight, each once and in order, gaps or not [IDP-10]", () => {
    fc.assert(
      fc.property(counts, steps, (gaps, schedule) => {
        let sequence = 0;
        const requests = gaps.map((gap, index) => {
          sequence += gap;
          return { epoch: 0, first: sequence, last: sequence, fingerprint: index };
        });
        const log = new Log(producer.judgeRequest);
        deliverAll(requests, 1, { log, steps: schedule });
        expect(log.stored).toEqual(requests);
      }),
      { numRuns: 200 },
    );
  });
});

function batchesOf(sizes: readonly number[], start: number): producer.Attempt[] {
  let first = start;
  return sizes.map((size, index) => {
    const last = producer.sequenceAfter(first, size - 1);
    const batch = { epoch: 0, first, last, fingerprint: index };
    first = producer.sequenceAfter(last, 1);
    return batch;
  });
}

/**
 * Attempts that keep no rule. `ahead` is counted without wrapping, from where the partition expects the producer, and at
 * most half the ring; some are so long that a few dozen of them wrap the ring.
 */
const distance = fc.oneof(fc.integer({ min: -20, max: 20 }), fc.integer({ min: -(2 ** 30), max: 2 ** 30 - 1 }));
const wild = fc.record({
  ahead: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: distance }),
  count: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 2 ** 26, max: 2 ** 27 })),
  newEpoch: fc.nat(30).map((number) => number === 0),
});

test("whatever is sent: a batch is stored once, and called a duplicate when it was stored and only then [IDP-8, IDP-9]", () => {
  fc.assert(
    fc.property(fc.nat(MAX_SEQUENCE), fc.array(wild, { maxLength: 90, size: "max" }), (origin, attempts) => {
      const log = new Log(producer.judgeBatch);
      let epoch = 0;
      /** Begins of the batches stored in this epoch, unwrapped, and where the last of them ends. */
      let begins: number[] = [];
      let end = 0;
      for (const { ahead, count, newEpoch } of attempts) {
        if (newEpoch) [epoch, begins] = [epoch + 1, []];
        const from = end + ahead;
        const first = producer.sequenceAfter(origin, from);
        const verdict = log.take({ epoch, first, last: producer.sequenceAfter(first, count - 1), fingerprint: from });
        const [start = Number.POSITIVE_INFINITY] = begins;
        const wasStored = from >= start && from + count <= end;
        const forgotten = wasStored && from + count <= (begins.at(-REMEMBERED_BATCHES) ?? start);
        if (forgotten) expect(verdict).toMatchObject({ duplicate: true });
        if (!verdict.ok) continue;
        if (verdict.duplicate) expect(wasStored).toBe(true);
        else {
          expect(begins.length === 0 || from === end).toBe(true);
          begins.push(from);
          end = from + count;
        }
      }
    }),
    { numRuns: 200 },
  );
});
