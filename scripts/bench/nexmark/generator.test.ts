import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { encoded } from "./encode.ts";
import { generated, SEED } from "./generator.ts";
import type { AuctionEvent, BidEvent, NexmarkEvent, PersonEvent } from "./queries/event.ts";

const events = [...generated({ count: 50_000 })];
const persons = events.filter((event): event is PersonEvent => event.type === "person");
const auctions = events.filter((event): event is AuctionEvent => event.type === "auction");
const bids = events.filter((event): event is BidEvent => event.type === "bid");

function hashOf(some: Iterable<NexmarkEvent>): string {
  const hash = createHash("sha256");
  for (const event of some) {
    const { key, text, timestampMs } = encoded(event);
    hash.update(`${key} ${timestampMs} ${text}\n`);
  }
  return hash.digest("hex");
}

function share<T>(some: readonly T[], holds: (each: T) => boolean): number {
  return some.filter(holds).length / some.length;
}

test("the same seed gives the same bytes, whatever the number of events; another seed gives others [NEX-1]", () => {
  expect(SEED).toBe(20_150_715);
  const first = hashOf(generated({ count: 2_000 }));
  expect(first).toBe("6a55988c329108a99f3f595912cd56b9b565793624007a488c02e88f04e7e367");
  expect(hashOf(events.slice(0, 2_000))).toBe(first);
  expect(hashOf(generated({ count: 2_000, seed: 1 }))).not.toBe(first);
});

test("of 50 events the first is a person, the next 3 are auctions, the others bids [NEX-2]", () => {
  const types = Array.from({ length: 50 }, (_, at) => (at === 0 ? "person" : at < 4 ? "auction" : "bid"));
  for (let epoch = 0; epoch < events.length; epoch += 50) {
    expect(events.slice(epoch, epoch + 50).map(({ type }) => type)).toEqual(types);
  }
  expect(persons.map(({ id }) => id)).toEqual(persons.map((_, index) => 1_000 + index));
  expect(auctions.map(({ id }) => id)).toEqual(auctions.map((_, index) => 1_000 + index));
});

test("times grow evenly, at 10,000 events a second unless told [NEX-2]", () => {
  const [first] = events;
  expect(events.map(({ dateTime }) => dateTime - (first?.dateTime ?? 0))).toEqual(
    events.map((_, index) => Math.floor(index / 10)),
  );
  const slow = [...generated({ count: 4, eventsPerSecond: 3 })].map(
    ({ dateTime }) => dateTime - (first?.dateTime ?? 0),
  );
  expect(slow).toEqual([0, 333, 666, 1_000]);
});

test("half of the bids are on hot auctions, three quarters by hot bidders, three quarters of sellers are hot [NEX-2]", () => {
  // A hundredth of the others meets the hot one too.
  expect(share(bids, ({ auction }) => auction % 100 === 0)).toBeCloseTo(0.5 + 0.5 / 100, 2);
  expect(share(bids, ({ bidder }) => bidder % 100 === 1)).toBeCloseTo(0.75 + 0.25 / 100, 2);
  expect(share(auctions, ({ seller }) => seller % 100 === 0)).toBeCloseTo(0.75 + 0.25 / 100, 1);
});

test("ids lie in what is live, or at most ten ahead [NEX-2]", () => {
  let person = 999;
  let auction = 999;
  const outside = events.filter((event) => {
    if (event.type === "person") person = event.id;
    if (event.type === "auction") auction = event.id;
    if (event.type === "person") return false;
    const of = event.type === "bid" ? event.bidder : event.seller;
    const hot = Math.floor(person / 100) * 100;
    const least = Math.min(Math.max(1_000, person - 999), hot);
    const bidOn = event.type === "bid" ? event.auction : auction;
    return of < least || of > person + 10 || bidOn < Math.max(1_000, auction - 100) || bidOn > auction + 10;
  });
  expect(outside).toEqual([]);
});

test("the logarithm of prices is uniform from 1.00 to 1,000,000.00 [NEX-2]", () => {
  for (let power = 0; power < 6; power++) {
    expect(share(bids, ({ price }) => price >= 10 ** (power + 2) && price < 10 ** (power + 3))).toBeCloseTo(1 / 6, 1);
  }
  expect(bids.every(({ price }) => Number.isInteger(price) && price >= 100 && price <= 100_000_000)).toBe(true);
  expect(auctions.every(({ initialBid, reserve }) => reserve >= initialBid + 100)).toBe(true);
});

test("auctions are open for as long as it takes to open a hundred others, on average, and have five categories [NEX-2]", () => {
  const lengths = auctions.map(({ dateTime, expires }) => expires - dateTime);
  const average = lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
  expect(Math.min(...lengths)).toBeGreaterThanOrEqual(1);
  expect(average / (1_666 / 10)).toBeCloseTo(1, 1);
  for (const category of [10, 11, 12, 13, 14]) {
    expect(share(auctions, (auction) => auction.category === category)).toBeCloseTo(1 / 5, 1);
  }
});

test("half of the bids come over four channels; of the others nine in ten name a channel in the url [NEX-2]", () => {
  const named = new Set(["Google", "Facebook", "Baidu", "Apple"]);
  expect(share(bids, ({ channel }) => named.has(channel))).toBeCloseTo(0.5, 2);
  const others = bids.filter(({ channel }) => !named.has(channel));
  expect(others.every(({ channel }) => /^channel-\d{1,4}$/.test(channel))).toBe(true);
  expect(share(others, ({ url }) => /&channel_id=\d+$/.test(url))).toBeCloseTo(0.9, 1);
  expect(bids.every(({ url }) => /^https:\/\/www\.nexmark\.com\/\w+\/\w+\/\w+\/item\.htm\?query=1/.test(url))).toBe(
    true,
  );
});

test("extra fills an event to its average size, numbers counted as eight bytes [NEX-2]", () => {
  const average = (sizes: readonly number[]): number => sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
  expect(average(bids.map(({ extra }) => 32 + extra.length)) / 100).toBeCloseTo(1, 1);
  const auctionSizes = auctions.map((each) => 48 + each.itemName.length + each.description.length + each.extra.length);
  expect(average(auctionSizes) / 500).toBeCloseTo(1, 1);
  const personSizes = persons.map(
    ({ name, emailAddress, creditCard, city, state, extra }) =>
      16 + [name, emailAddress, creditCard, city, state, extra].join("").length,
  );
  expect(average(personSizes) / 200).toBeCloseTo(1, 1);
});

test("keys are ids, a bid's that of its auction; the text is the event with its type [NEX-3]", () => {
  for (const event of events.slice(0, 100)) {
    const { kind, key, text, timestampMs } = encoded(event);
    expect([kind, JSON.parse(text), timestampMs]).toEqual([event.type, event, event.dateTime]);
    expect(key).toBe(String(event.type === "bid" ? event.auction : event.id));
  }
});
