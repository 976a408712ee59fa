import { test } from "vitest";
import { expectRows } from "../test/expect-rows.ts";
import { at, bid } from "../test/tiny-events.ts";
import { q15 } from "./q15.ts";
import { q16 } from "./q16.ts";
import { q17 } from "./q17.ts";
import { q18 } from "./q18.ts";
import { q19 } from "./q19.ts";

const FIRST_DAY = "2020-01-01";
const SECOND_DAY = "2020-01-02";

const ranked = [
  bid(0, { auction: 1, bidder: 1, price: 9_999 }),
  bid(1, { auction: 1, bidder: 2, price: 10_000 }),
  bid(2, { auction: 2, bidder: 2, price: 999_999, channel: "Baidu" }),
  bid(3, { auction: 2, bidder: 2, price: 1_000_000 }),
  bid(19.999, { auction: 1, bidder: 1, price: 5 }),
  bid(20, { auction: 1, bidder: 1, price: 2_000_000 }),
];

test("q15: bids, bidders and auctions of each day, in all and by price [NEX-6]", () => {
  expectRows(q15, ranked, [
    {
      day: FIRST_DAY,
      totalBids: 5,
      rank1Bids: 2,
      rank2Bids: 2,
      rank3Bids: 1,
      totalBidders: 2,
      rank1Bidders: 1,
      rank2Bidders: 1,
      rank3Bidders: 1,
      totalAuctions: 2,
      rank1Auctions: 1,
      rank2Auctions: 2,
      rank3Auctions: 1,
    },
    {
      day: SECOND_DAY,
      totalBids: 1,
      rank1Bids: 0,
      rank2Bids: 0,
      rank3Bids: 1,
      totalBidders: 1,
      rank1Bidders: 0,
      rank2Bidders: 0,
      rank3Bidders: 1,
      totalAuctions: 1,
      rank1Auctions: 0,
      rank2Auctions: 0,
      rank3Auctions: 1,
    },
  ]);
});

test("q16: the same of each channel and day, with the last minute that had a bid [NEX-6]", () => {
  const none = { rank1Bids: 0, rank2Bids: 0, rank3Bids: 0 };
  const noBidders = { rank1Bidders: 0, rank2Bidders: 0, rank3Bidders: 0 };
  const noAuctions = { rank1Auctions: 0, rank2Auctions: 0, rank3Auctions: 0 };
  expectRows(q16, ranked, [
    {
      channel: "Apple",
      day: FIRST_DAY,
      minute: "23:59",
      totalBids: 4,
      rank1Bids: 2,
      rank2Bids: 1,
      rank3Bids: 1,
      totalBidders: 2,
      rank1Bidders: 1,
      rank2Bidders: 1,
      rank3Bidders: 1,
      totalAuctions: 2,
      rank1Auctions: 1,
      rank2Auctions: 1,
      rank3Auctions: 1,
    },
    {
      channel: "Baidu",
      day: FIRST_DAY,
      minute: "23:59",
      totalBids: 1,
      ...none,
      rank2Bids: 1,
      totalBidders: 1,
      ...noBidders,
      rank2Bidders: 1,
      totalAuctions: 1,
      ...noAuctions,
      rank2Auctions: 1,
    },
    {
      channel: "Apple",
      day: SECOND_DAY,
      minute: "00:00",
      totalBids: 1,
      ...none,
      rank3Bids: 1,
      totalBidders: 1,
      ...noBidders,
      rank3Bidders: 1,
      totalAuctions: 1,
      ...noAuctions,
      rank3Auctions: 1,
    },
  ]);
});

test("q17: bids and prices of each auction and day [NEX-6]", () => {
  expectRows(q17, ranked, [
    {
      auction: 1,
      day: FIRST_DAY,
      totalBids: 3,
      rank1Bids: 2,
      rank2Bids: 1,
      rank3Bids: 0,
      minPrice: 5,
      maxPrice: 10_000,
      avgPrice: 20_004 / 3,
      sumPrice: 20_004,
    },
    {
      auction: 2,
      day: FIRST_DAY,
      totalBids: 2,
      rank1Bids: 0,
      rank2Bids: 1,
      rank3Bids: 1,
      minPrice: 999_999,
      maxPrice: 1_000_000,
      avgPrice: 999_999.5,
      sumPrice: 1_999_999,
    },
    {
      auction: 1,
      day: SECOND_DAY,
      totalBids: 1,
      rank1Bids: 0,
      rank2Bids: 0,
      rank3Bids: 1,
      minPrice: 2_000_000,
      maxPrice: 2_000_000,
      avgPrice: 2_000_000,
      sumPrice: 2_000_000,
    },
  ]);
});

test("q18: the last bid of each bidder on each auction, of one time the one that came last [NEX-6]", () => {
  const row = { channel: "Apple", url: "u" };
  expectRows(
    q18,
    [
      bid(0, { auction: 1, bidder: 1, price: 9 }),
      bid(1, { auction: 1, bidder: 2, price: 8 }),
      bid(2, { auction: 2, bidder: 1, price: 7 }),
      bid(3, { auction: 1, bidder: 1, price: 6, extra: "z" }),
      bid(3, { auction: 1, bidder: 1, price: 5, extra: "a" }),
    ],
    [
      { auction: 1, bidder: 1, price: 5, ...row, dateTime: at(3), extra: "a" },
      { auction: 1, bidder: 2, price: 8, ...row, dateTime: at(1), extra: "b" },
      { auction: 2, bidder: 1, price: 7, ...row, dateTime: at(2), extra: "b" },
    ],
  );
});

test("q19: the ten highest bids of each auction in their order, of equal ones the first [NEX-6]", () => {
  const row = { channel: "Apple", url: "u" };
  const higher = Array.from({ length: 9 }, (_, index) => bid(index, { auction: 1, price: 10 + index }));
  expectRows(
    q19,
    [
      bid(0, { auction: 1, price: 3 }),
      bid(0, { auction: 2, price: 4 }),
      ...higher,
      bid(9, { auction: 1, bidder: 6, price: 9 }),
      bid(9, { auction: 1, bidder: 5, price: 9 }),
      bid(9.5, { auction: 1, bidder: 4, price: 9 }),
    ],
    [
      ...higher.map(({ auction, bidder, price, dateTime }, index) => ({
        auction,
        bidder,
        price,
        ...row,
        dateTime,
        extra: "b",
        rank: 9 - index,
      })),
      { auction: 1, bidder: 6, price: 9, ...row, dateTime: at(9), extra: "b", rank: 10 },
      { auction: 2, bidder: 1, price: 4, ...row, dateTime: at(0), extra: "b", rank: 1 },
    ],
  );
});
