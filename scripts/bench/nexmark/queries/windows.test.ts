import { test } from "vitest";
import { expectRows } from "../test/expect-rows.ts";
import { at, bid } from "../test/tiny-events.ts";
import { q11 } from "./q11.ts";
import { q5 } from "./q5.ts";
import { q7 } from "./q7.ts";

test("q5: the auctions with the most bids in every ten seconds that begin at an even one, all of those that share it [NEX-6]", () => {
  expectRows(
    q5,
    [bid(0, { auction: 1 }), bid(1.999, { auction: 1 }), bid(2, { auction: 2 }), bid(10, { auction: 2 })],
    [
      { starttime: at(-8), auction: 1, num: 2 },
      { starttime: at(-6), auction: 1, num: 2 },
      { starttime: at(-4), auction: 1, num: 2 },
      { starttime: at(-2), auction: 1, num: 2 },
      { starttime: at(0), auction: 1, num: 2 },
      { starttime: at(2), auction: 2, num: 2 },
      { starttime: at(4), auction: 2, num: 1 },
      { starttime: at(6), auction: 2, num: 1 },
      { starttime: at(8), auction: 2, num: 1 },
      { starttime: at(10), auction: 2, num: 1 },
    ],
  );
  expectRows(
    q5,
    [
      bid(0, { auction: 1 }),
      bid(0, { auction: 2 }),
      bid(0, { auction: 3 }),
      bid(1, { auction: 3 }),
      bid(1, { auction: 1 }),
    ],
    [-8, -6, -4, -2, 0].flatMap((start) => [1, 3].map((auction) => ({ starttime: at(start), auction, num: 2 }))),
  );
});

test("q7: the highest bids of every ten seconds, all that share the price [NEX-6]", () => {
  const row = { extra: "b" };
  expectRows(
    q7,
    [
      bid(0, { auction: 1, price: 5 }),
      bid(1, { auction: 2, price: 9, bidder: 2 }),
      bid(9.999, { auction: 3, price: 9, bidder: 3 }),
      bid(10, { auction: 4, price: 1, bidder: 4 }),
      bid(45, { auction: 5, price: 8, bidder: 5 }),
      bid(46, { auction: 5, price: 7, bidder: 5 }),
    ],
    [
      { auction: 2, price: 9, bidder: 2, dateTime: at(1), ...row },
      { auction: 3, price: 9, bidder: 3, dateTime: at(9.999), ...row },
      { auction: 4, price: 1, bidder: 4, dateTime: at(10), ...row },
      { auction: 5, price: 8, bidder: 5, dateTime: at(45), ...row },
    ],
  );
});

test("q11: a bidder's session goes on with a bid within ten seconds of the last one, and ends ten seconds after it [NEX-6]", () => {
  expectRows(
    q11,
    [
      bid(0, { bidder: 1 }),
      bid(3, { bidder: 2 }),
      bid(10, { bidder: 1, auction: 2 }),
      bid(20, { bidder: 1 }),
      bid(30.001, { bidder: 1 }),
      bid(30.001, { bidder: 1, auction: 3 }),
    ],
    [
      { bidder: 1, bidCount: 3, starttime: at(0), endtime: at(30) },
      { bidder: 1, bidCount: 2, starttime: at(30.001), endtime: at(40.001) },
      { bidder: 2, bidCount: 1, starttime: at(3), endtime: at(13) },
    ],
  );
});
