import { expect, test } from "vitest";
import { encoded } from "./encode.ts";
import { query } from "./queries/query.ts";
import { auction, bid, person } from "./test/tiny-events.ts";
import { recordsFor, sourcesOf } from "./topics.ts";

const events = [person(0, { id: 7 }), auction(1, { id: 8, seller: 7 }), bid(2, { auction: 8, extra: '"type":"bid"' })];

function valuesOf(topic: string): unknown[] {
  return [...recordsFor(topic, events.map(encoded))].map(({ key, text, timestampMs }) => [
    key,
    JSON.parse(text),
    timestampMs,
  ]);
}

test("a topic of all events has their types, one of a kind has its events without [NEX-3]", () => {
  const times = events.map(({ dateTime }) => dateTime);
  expect(valuesOf("nexmark-q1-events")).toEqual([
    ["7", events[0], times[0]],
    ["8", events[1], times[1]],
    ["8", events[2], times[2]],
  ]);
  for (const [at, name] of ["persons", "auctions", "bids"].entries()) {
    const { type: _, ...value } = events[at] ?? {};
    expect(valuesOf(`nexmark-q1-${name}`)).toEqual([[at === 0 ? "7" : "8", value, times[at]]]);
  }
});

test("a query reads the topics that its pipeline names, after its own name [NEX-3]", () => {
  const { pipeline } = query("q98", {
    rows: "every",
    sql: "SELECT 1",
    define: (sources) => sources.bids().merge(sources.events().filter(({ type }) => type === "bid")),
  });
  expect(sourcesOf(pipeline)).toEqual(["nexmark-q98-bids", "nexmark-q98-events"]);
});
