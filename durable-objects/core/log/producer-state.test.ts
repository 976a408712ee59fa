import { describe, expect, test } from "vitest";
import { MAX_SEQUENCE } from "../../../schema/limits.ts";
import * as producer from "./producer-state.ts";

type State = producer.ProducerState | undefined;
type Given = Partial<producer.Attempt>;

/** What a partition knows after it took these batches; each begins at the offset that is ten times its place. */
function after(...batches: readonly Given[]): State {
  let state: State;
  for (const [index, batch] of batches.entries()) {
    const baseOffset = index * 10;
    const attempt = attemptOf(batch);
    state = producer.remember(state, attempt, { baseOffset, lastOffset: baseOffset + attempt.last - attempt.first });
  }
  return state;
}

function attemptOf({ epoch = 0, first = 0, last = first, fingerprint = 1 }: Given): producer.Attempt {
  return { epoch, first, last, fingerprint };
}

const request = (state: State, attempt: Given): producer.Verdict => producer.judgeRequest(state, attemptOf(attempt));
const batch = (state: State, attempt: Given): producer.Verdict => producer.judgeBatch(state, attemptOf(attempt));

const accepted = { ok: true, duplicate: false };

describe("a request sequence", () => {
  test("above the highest is accepted, gaps or not [IDP-1]", () => {
    expect(request(after({ first: 3 }), { first: 4 })).toEqual(accepted);
    expect(request(after({ first: 3 }), { first: 900 })).toEqual(accepted);
    expect(request(after({ first: 3 }, { first: 9 }), { first: Number.MAX_SAFE_INTEGER })).toEqual(accepted);
  });

  test("remembered with the same records is answered as before: at least the latest five [IDP-2]", () => {
    const state = after(...[0, 1, 5, 6, 7, 20].map((first) => ({ first, fingerprint: first + 100 })));
    for (const [index, first] of [1, 5, 6, 7, 20].entries()) {
      const baseOffset = (index + 1) * 10;
      const again = { ok: true, duplicate: true, baseOffset, lastOffset: baseOffset };
      expect(request(state, { first, fingerprint: first + 100 })).toEqual(again);
    }
  });

  test("remembered with other records is refused [IDP-3]", () => {
    expect(request(after({ first: 3 }, { first: 4 }), { first: 3, fingerprint: 2 })).toEqual({
      ok: false,
      code: "sequence_reused",
      message: "sequence 3 was accepted before with other records",
      hint: "Repeat a request only with the records it had, or take the next sequence",
    });
  });

  test("lower than the highest and not remembered is refused for good [IDP-4]", () => {
    const state = after(...[0, 2, 3, 4, 5, 6].map((first) => ({ first })));
    for (const first of [0, 1]) {
      expect(request(state, { first })).toMatchObject({
        code: "out_of_order_sequence",
        message: `sequence ${first} is not above 6, the highest accepted`,
        retriable: false,
        extra: { lastSequence: 6 },
      });
    }
  });
});

describe.each([
  ["a request sequence", request],
  ["a batch", batch],
])("%s", (_, judge) => {
  test("of an unknown producer or a newer epoch may be any [IDP-5]", () => {
    expect(judge(undefined, { first: 77 })).toEqual(accepted);
    for (const first of [0, 3, 900])
      expect(judge(after({ epoch: 1, first: 3 }), { epoch: 2, first })).toEqual(accepted);
  });

  test("of an older epoch is fenced, even one that was accepted [IDP-5]", () => {
    for (const first of [3, 4]) {
      expect(judge(after({ epoch: 1, first: 3 }, { epoch: 2, first: 0 }), { epoch: 1, first })).toMatchObject({
        ok: false,
        code: "fenced_producer",
        message: "epoch 1 is older than 2, the producer's newest",
      });
    }
  });

  test("of the new epoch is judged by the new epoch alone [IDP-5]", () => {
    const state = after({ epoch: 1, first: 3 }, { epoch: 2, first: 50 });
    expect(judge(state, { epoch: 2, first: 3 })).toMatchObject({ code: "out_of_order_sequence", retriable: false });
    expect(judge(state, { epoch: 2, first: 51 })).toEqual(accepted);
  });
});

describe("a batch", () => {
  const state = after({ first: 10, last: 12 }, { first: 13, last: 13 }, { first: 14, last: 19 });

  test("that begins after the last accepted record is accepted [IDP-6]", () => {
    expect(batch(state, { first: 20, last: 29 })).toEqual(accepted);
  });

  test("that overtook its predecessor may be sent again after it [IDP-6]", () => {
    expect(batch(state, { first: 21, last: 29 })).toEqual({
      ok: false,
      code: "out_of_order_sequence",
      message: "batch begins at sequence 21, expected 20",
      hint: "Send the batches before it first, then this one again",
      retriable: true,
      extra: { expectedSequence: 20 },
    });
  });

  test("that is remembered is answered as before, when its records are the same [IDP-7]", () => {
    expect(batch(state, { first: 13, last: 13 })).toEqual({
      ok: true,
      duplicate: true,
      baseOffset: 10,
      lastOffset: 10,
    });
    expect(batch(state, { first: 14, last: 19 })).toEqual({
      ok: true,
      duplicate: true,
      baseOffset: 20,
      lastOffset: 25,
    });
    expect(batch(state, { first: 13, last: 13, fingerprint: 2 })).toMatchObject({ code: "sequence_reused" });
    expect(batch(state, { first: 14, last: 18 })).toMatchObject({ code: "sequence_reused" });
  });

  test("that overlaps remembered ones in another way is refused [IDP-7]", () => {
    for (const [first, last] of [
      [11, 12],
      [15, 16],
      [19, 25],
      [9, 10],
      [12, 13],
      [5, 30],
    ] as const) {
      expect(batch(state, { first, last })).toMatchObject({ ok: false, code: "sequence_reused" });
    }
  });

  test("that lies below the remembered ones is a duplicate whose place is forgotten [IDP-8]", () => {
    const six = after(
      ...[10, 13, 14, 20, 22, 23, 30].map((first, index, all) => ({ first, last: (all[index + 1] ?? 31) - 1 })),
    );
    for (const [first, last] of [
      [10, 12],
      [13, 13],
      [11, 13],
    ] as const) {
      expect(batch(six, { first, last })).toEqual({ ok: true, duplicate: true, baseOffset: -1, lastOffset: -1 });
    }
    expect(batch(six, { first: 14, last: 19 })).toMatchObject({ duplicate: true, baseOffset: 20 });
    expect(batch(six, { first: 13, last: 14 })).toMatchObject({ code: "sequence_reused" });
  });

  test("from before the first accepted one is never called a duplicate: it was not stored [IDP-9]", () => {
    for (const [first, last] of [
      [9, 9],
      [0, 3],
    ] as const) {
      expect(batch(state, { first, last })).toMatchObject({
        ok: false,
        code: "out_of_order_sequence",
        message: `sequence ${first} is before 10, where this producer began here`,
        retriable: false,
        extra: { expectedSequence: 20 },
      });
    }
  });
});

describe("sequences of batches wrap after 2147483647 to 0 [IDP-6]", () => {
  const state = after({ first: MAX_SEQUENCE - 2, last: MAX_SEQUENCE - 1 }, { first: MAX_SEQUENCE, last: 1 });

  test("so a count goes on from 0", () => {
    expect(producer.sequenceAfter(MAX_SEQUENCE, 1)).toBe(0);
    expect(producer.sequenceAfter(MAX_SEQUENCE - 1, 5)).toBe(3);
    expect(producer.lastSequenceOf(state ?? expect.fail("no state"))).toBe(1);
  });

  test("the next one is accepted, one further on is early [IDP-6]", () => {
    expect(batch(state, { first: 2, last: 5 })).toEqual(accepted);
    expect(batch(after({ first: MAX_SEQUENCE }), { first: 0 })).toEqual(accepted);
    expect(batch(after({ first: MAX_SEQUENCE }), { first: 1 })).toMatchObject({
      retriable: true,
      extra: { expectedSequence: 0 },
    });
  });

  test("one from before the wrap is known [IDP-7, IDP-9]", () => {
    expect(batch(state, { first: MAX_SEQUENCE, last: 1 })).toMatchObject({ duplicate: true, baseOffset: 10 });
    expect(batch(state, { first: MAX_SEQUENCE - 2, last: MAX_SEQUENCE - 1 })).toMatchObject({ duplicate: true });
    expect(batch(state, { first: MAX_SEQUENCE - 3 })).toMatchObject({
      code: "out_of_order_sequence",
      retriable: false,
    });
  });

  test("after more than half the ring an old duplicate is still one [IDP-8]", () => {
    const quarter = 2 ** 29;
    const quarters = [0, 1, 2].map((index) => ({ first: index * quarter, last: (index + 1) * quarter - 1 }));
    const end = 3 * quarter;
    const state = after(...quarters, ...[0, 1, 2, 3, 4].map((index) => ({ first: end + index })));
    expect(batch(state, { first: end - 9, last: end - 1 })).toMatchObject({
      ok: true,
      duplicate: true,
      baseOffset: -1,
    });
    expect(state?.start).toBe(end + 4 - 2 ** 30);
    expect(batch(state, { first: end + 5 })).toEqual(accepted);
  });
});

test("five batches are remembered, the newest last", () => {
  const state = after(...[0, 1, 2, 3, 4, 5, 6].map((first) => ({ first, fingerprint: first })));
  expect(state?.recent.map((entry) => entry.first)).toEqual([2, 3, 4, 5, 6]);
  expect(state).toMatchObject({ epoch: 0, start: 0 });
  expect(state?.recent.at(-1)).toEqual({ first: 6, last: 6, fingerprint: 6, baseOffset: 60, lastOffset: 60 });
  expect(after({ epoch: 0 }, { epoch: 1, first: 9 })).toMatchObject({ epoch: 1, start: 9, recent: [{ first: 9 }] });
});
