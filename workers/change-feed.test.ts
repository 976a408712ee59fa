import fc from "fast-check";
import { expect, test } from "vitest";
import { refuse, type Answer } from "../schema/error.ts";
import type { ChangesAnswer, ChangesCursor } from "../schema/rpc/store.ts";
import { readChangeCursor, writeChangeCursor, type ChangePositions } from "./change-cursor.ts";
import { eventText } from "./change-events.ts";
import { changeFeed, type FeedEvent } from "./change-feed.ts";
import { encodeCursor } from "./store-cursor.ts";

const key = fc.string({ unit: "grapheme" });
const cursor: fc.Arbitrary<ChangesCursor> = fc
  .record({
    at: fc.record({ incarnation: fc.nat(), beganMs: fc.maxSafeNat(), seq: fc.nat() }),
    taking: fc.constantFrom("no", "begun", "on"),
    after: fc.record({ key, at: fc.maxSafeInteger(), seq: fc.nat() }),
  })
  .map(({ at, taking, after }) => ({
    ...at,
    ...(taking === "no" ? {} : { taking: taking === "begun" ? {} : { after } }),
  }));

test("the id of an event says where a follower stands in each partition [SUB-3, SUB-5]", () => {
  const positions = fc.uniqueArray(fc.tuple(fc.nat(255), cursor), { selector: ([partition]) => partition });
  fc.assert(
    fc.property(positions, (entries) => {
      const id = writeChangeCursor("p/s", new Map(entries));
      expect(id).toMatch(/^[\w-]+$/);
      expect(readChangeCursor("p/s", id)).toEqual({ ok: true, positions: new Map(entries) });
      expect(readChangeCursor("p/t", id)).toMatchObject({ ok: false, code: "invalid_request" });
    }),
  );
});

test("the id of 256 partitions fits a header [SUB-5]", () => {
  const at = { incarnation: 1_000, beganMs: 1_700_000_000_000, seq: 1_000_000 };
  const positions = new Map(Array.from({ length: 256 }, (_, partition) => [partition, at] as const));
  expect(writeChangeCursor("changes/p/s", positions).length).toBeLessThan(15_000);
});

test("a text that is no id is refused [SUB-5]", () => {
  for (const parts of [
    [],
    ["other"],
    ["p/s", 1],
    ["p/s", [0, 1, 2]],
    ["p/s", [-1, 1, 2, 3]],
    ["p/s", [0, 1, 2, 3, ["a"]]],
    ["p/s", [0, 1, 2, 3, 4]],
  ])
    expect(readChangeCursor("p/s", encodeCursor(parts))).toMatchObject({ ok: false, field: "cursor" });
  expect(readChangeCursor("p/s", "!")).toMatchObject({ ok: false, field: "cursor" });
});

const following: ChangesCursor = { incarnation: 1, beganMs: 5, seq: 0 };

/** Three pages, then a change whenever it is asked. */
function partitions(log: string[]) {
  const open = new Map<number, number>();
  const read = async (
    partition: number,
    { cursor, first }: { cursor: ChangesCursor | undefined; first: boolean },
  ): Promise<Answer<ChangesAnswer>> => {
    open.set(partition, (open.get(partition) ?? 0) + 1);
    log.push(`${partition}${first ? " first" : ""}`);
    await Promise.resolve();
    const pages = cursor === undefined ? 0 : cursor.taking === undefined ? 3 : (cursor.taking.after?.at ?? 0);
    const seq = (cursor?.seq ?? 0) + 1;
    const ready = pages === 2;
    const taking = pages < 2 ? { after: { key: "k", at: pages + 1, seq: 0 } } : undefined;
    return {
      ok: true,
      reset: false,
      changes: pages < 3 ? [] : [{ key: "k", value: `${seq}` }],
      rows: [],
      ready,
      cursor: { ...following, seq, ...(taking === undefined ? {} : { taking }) },
      topic: "t",
      partition,
      offset: seq,
    };
  };
  return { read };
}

async function taken(feed: AsyncGenerator<FeedEvent>): Promise<FeedEvent[]> {
  const events: FeedEvent[] = [];
  for await (const event of feed)
    events.push(event.kind === "answer" ? { ...event, positions: new Map(event.positions) } : event);
  return events;
}

test("one partition after another gives its snapshot, while those that have are followed [SUB-6]", async () => {
  const log: string[] = [];
  const feed = changeFeed({ partitions: [0, 1, 2], from: new Map(), ...partitions(log), maxReads: 40 });
  const events = await taken(feed);
  const taking = (positions: ChangePositions): number =>
    [...positions.values()].filter((at) => at.taking !== undefined).length;
  for (const event of events) if (event.kind === "answer") expect(taking(event.positions)).toBeLessThanOrEqual(1);
  const ready = events.flatMap((event) =>
    event.kind === "answer" && event.answer.ready ? [event.answer.partition] : [],
  );
  expect(ready).toEqual([0, 1, 2]);
  const lastReady = events.findLastIndex((event) => event.kind === "answer" && event.answer.ready);
  const changed = events
    .slice(0, lastReady)
    .filter((event) => event.kind === "answer" && event.answer.changes.length > 0);
  expect(changed.length).toBeGreaterThan(0);
  expect(log.filter((line) => line.endsWith("first"))).toEqual(["0 first", "1 first", "2 first"]);
});

test("a feed goes on where it was, and ends after so many reads [SUB-3, SUB-6]", async () => {
  const log: string[] = [];
  const from = new Map<number, ChangesCursor>([[1, { ...following, seq: 7 }]]);
  const events = await taken(changeFeed({ partitions: [0, 1], from, ...partitions(log), maxReads: 12 }));
  expect(log.length).toBe(12);
  expect(events.length).toBe(12);
  const ofOne = events.flatMap((event) =>
    event.kind === "answer" && event.answer.partition === 1 ? [event.answer.offset] : [],
  );
  expect(ofOne).toEqual(ofOne.map((_, index) => 8 + index));
});

test("a refusal is the last event [SUB-6]", async () => {
  const events = await taken(
    changeFeed({ partitions: [0], from: new Map(), read: async () => refuse("overloaded", "busy"), maxReads: 9 }),
  );
  expect(events).toMatchObject([{ kind: "refused", refusal: { code: "overloaded" } }]);
});

test("an event is lines of one step, its id last, and its values are as they are stored [SUB-5]", () => {
  const store = { name: "s", kind: "keyValue", key: ["key"], reads: [] } as const;
  const answer: ChangesAnswer = {
    reset: true,
    changes: [
      { key: "a", value: '{\n "n": 12.30}' },
      { key: 'b"', value: null },
      { key: "c", value: "null" },
    ],
    rows: [{ key: "d", value: "1", timestampMs: 0, place: { key: "d", at: 0, seq: 0 } }],
    ready: false,
    cursor: following,
    topic: "t",
    partition: 3,
    offset: 9,
  };
  expect(new TextDecoder().decode(eventText(answer, "ID", store))).toBe(
    [
      "event: changes",
      'data: {"topic":"t","partition":3,"offset":9,"changes":[{"key":"a","value":{  "n": 12.30}},{"key":"b\\"","removed":true},{"key":"c","value":null}]}',
      "",
      "event: snapshot",
      'data: {"topic":"t","partition":3,"offset":9,"reset":true,"ready":false,"rows":[{"key":"d","value":1}]}',
      "id: ID",
      "",
      "",
    ].join("\n"),
  );
  const nothing = { ...answer, reset: false, changes: [], rows: [] };
  expect(new TextDecoder().decode(eventText(nothing, "ID", store))).toMatch(/^: .*\n\n$/);
});
