import { expect, test } from "vitest";
import { refuse, type Answer } from "../../schema/error.ts";
import type { Appended } from "../../schema/rpc/log.ts";
import { batchProduceAnswer, partialProduceAnswer, produceAnswer } from "../../schema/wire/answer/produce.ts";
import { batchAnswer, commonRefusal, recordsAnswer, type Outcomes } from "./answer.ts";

function appended(baseOffset: number, count: number, duplicate = false): Answer<Appended> & Appended {
  return { ok: true, baseOffset, lastOffset: baseOffset + count - 1, duplicate };
}

/** What partitions 0, 1, … said. */
function outcomes(...said: readonly Answer<Appended>[]): Outcomes {
  return new Map(said.map((answer, partition) => [partition, answer]));
}

const busy = refuse("overloaded", "busy");
const gone = refuse("unknown_topic", "gone");

test("one entry for each record in the order sent [PRO-1]", async () => {
  const body: unknown = await recordsAnswer([1, 0, 1, 1], outcomes(appended(7, 1), appended(20, 3))).json();
  expect(produceAnswer.parse(body)).toEqual({
    offsets: [
      { partition: 1, offset: 20 },
      { partition: 0, offset: 7 },
      { partition: 1, offset: 21 },
      { partition: 1, offset: 22 },
    ],
  });
});

test("duplicate is said when every partition had the records before [PRO-6]", async () => {
  const again = appended(0, 1, true);
  expect(await recordsAnswer([0, 1], outcomes(again, again)).json()).toMatchObject({ duplicate: true });
  expect(await recordsAnswer([0, 1], outcomes(again, appended(0, 1))).json()).not.toHaveProperty("duplicate");
});

test("where some partitions refuse it is 207 with errors in the places of offsets [PRO-9]", async () => {
  const answer = recordsAnswer([0, 1, 0], outcomes(appended(5, 2), busy));
  expect(answer.status).toBe(207);
  const body: unknown = await answer.json();
  expect(partialProduceAnswer.parse(body)).toEqual(body);
  expect(body).toEqual({
    offsets: [
      { partition: 0, offset: 5 },
      { error: { code: "overloaded", message: "busy", retriable: true }, partition: 1 },
      { partition: 0, offset: 6 },
    ],
  });
});

test("all refused with one code stands for the request, several codes do not [PRO-9]", () => {
  expect(commonRefusal(outcomes(busy, busy))).toBe(busy);
  expect(commonRefusal(outcomes(busy, gone))).toBeUndefined();
  expect(commonRefusal(outcomes(busy, appended(0, 1)))).toBeUndefined();
  expect(recordsAnswer([0, 1], outcomes(busy, gone)).status).toBe(207);
});

test("a RecordBatch has its range and one entry for each record [PRO-1, PRO-7]", async () => {
  const body: unknown = await batchAnswer(2, 3, appended(4, 3)).json();
  expect(batchProduceAnswer.parse(body)).toEqual({
    partition: 2,
    baseOffset: 4,
    lastOffset: 6,
    offsets: [4, 5, 6].map((offset) => ({ partition: 2, offset })),
  });
  expect(await batchAnswer(2, undefined, appended(4, 3)).json()).toEqual({
    partition: 2,
    baseOffset: 4,
    lastOffset: 6,
  });
  const forgotten = { baseOffset: -1, lastOffset: -1, duplicate: true };
  const entry = { partition: 0, offset: -1 };
  expect(await batchAnswer(0, 2, forgotten).json()).toEqual({ partition: 0, ...forgotten, offsets: [entry, entry] });
});
