import { test } from "vitest";
import { expectRows } from "../test/expect-rows.ts";
import { at, auction, bid, person } from "../test/tiny-events.ts";
import { q20 } from "./q20.ts";
import { q3 } from "./q3.ts";
import { q4 } from "./q4.ts";
import { q8 } from "./q8.ts";
import { q9 } from "./q9.ts";

test("q3: sellers in OR, ID or CA with auctions in category 10, whichever of them came first [NEX-6]", () => {
  expectRows(
    q3,
    [
      auction(0, { id: 11, seller: 1 }),
      person(1, { id: 1, name: "Ada", city: "Bend", state: "OR" }),
      auction(2, { id: 12, seller: 1 }),
      auction(2, { id: 13, seller: 1, category: 11 }),
      person(3, { id: 2, name: "Alan", city: "Kent", state: "WA" }),
      auction(3, { id: 14, seller: 2 }),
      person(4, { id: 3, name: "Grace", city: "Boise", state: "ID" }),
      person(4, { id: 4, name: "Jim", city: "Kent", state: "CA" }),
      auction(50, { id: 15, seller: 4 }),
      auction(50, { id: 16, seller: 5 }),
    ],
    [
      { name: "Ada", city: "Bend", state: "OR", id: 11 },
      { name: "Ada", city: "Bend", state: "OR", id: 12 },
      { name: "Jim", city: "Kent", state: "CA", id: 15 },
    ],
  );
});

test("q4: the average per category of the highest bid on each auction while it was open, both ends included [NEX-6]", () => {
  expectRows(
    q4,
    [
      bid(0, { auction: 1, price: 90_000 }),
      auction(1, { id: 1, category: 10, expires: at(5) }),
      auction(1, { id: 2, category: 10, expires: at(5) }),
      auction(1, { id: 3, category: 10, expires: at(5) }),
      auction(1, { id: 4, category: 11, expires: at(5) }),
      bid(1, { auction: 1, price: 100 }),
      bid(5, { auction: 1, price: 200 }),
      bid(5, { auction: 2, price: 300 }),
      bid(5, { auction: 2, price: 301 }),
      bid(5, { auction: 4, price: 7 }),
      bid(5.001, { auction: 1, price: 90_000 }),
      bid(5.001, { auction: 3, price: 90_000 }),
    ],
    [
      { category: 10, average: 250.5 },
      { category: 11, average: 7 },
    ],
  );
});

test("q8: people who opened an auction in the ten seconds in which they came, once each [NEX-6]", () => {
  expectRows(
    q8,
    [
      auction(0, { id: 11, seller: 1 }),
      person(1, { id: 1, name: "Ada" }),
      auction(2, { id: 12, seller: 1 }),
      person(9, { id: 2, name: "Alan" }),
      person(9, { id: 3, name: "Grace" }),
      auction(9.999, { id: 13, seller: 3 }),
      auction(10, { id: 14, seller: 2 }),
      person(10, { id: 4, name: "Jim" }),
      auction(19.999, { id: 15, seller: 4 }),
      auction(20, { id: 16, seller: 1 }),
    ],
    [
      { id: 1, name: "Ada", starttime: at(0) },
      { id: 3, name: "Grace", starttime: at(0) },
      { id: 4, name: "Jim", starttime: at(10) },
    ],
  );
});

test("q9: the winning bid of each auction: the highest while it was open, of equal ones the first [NEX-6]", () => {
  const row = { itemName: "i", description: "d", initialBid: 1, reserve: 2 };
  const rest = { seller: 1, category: 10, extra: "a" };
  expectRows(
    q9,
    [
      bid(0, { auction: 1, price: 900 }),
      auction(1, { id: 1, expires: at(5) }),
      auction(1, { id: 2, expires: at(6) }),
      auction(1, { id: 3, expires: at(6) }),
      bid(2, { auction: 1, price: 300, bidder: 8 }),
      bid(3, { auction: 1, price: 500, bidder: 6, extra: "x" }),
      bid(3, { auction: 1, price: 500, bidder: 5, extra: "y" }),
      bid(4, { auction: 1, price: 500, bidder: 4 }),
      bid(6, { auction: 1, price: 900 }),
      bid(6, { auction: 2, price: 1, bidder: 9 }),
      bid(6.001, { auction: 3, price: 1 }),
    ],
    [
      {
        id: 1,
        ...row,
        dateTime: at(1),
        expires: at(5),
        ...rest,
        auction: 1,
        bidder: 6,
        price: 500,
        bidDateTime: at(3),
        bidExtra: "x",
      },
      {
        id: 2,
        ...row,
        dateTime: at(1),
        expires: at(6),
        ...rest,
        auction: 2,
        bidder: 9,
        price: 1,
        bidDateTime: at(6),
        bidExtra: "b",
      },
    ],
  );
});

test("q20: each bid on an auction of category 10 with the auction, whichever came first and however late [NEX-6]", () => {
  const row = {
    itemName: "i",
    description: "d",
    initialBid: 1,
    reserve: 2,
    dateTime: at(1),
    expires: at(5),
    seller: 1,
    category: 10,
    extra: "a",
  };
  const bidRow = { auction: 1, bidder: 1, price: 5, channel: "Apple", url: "u" };
  expectRows(
    q20,
    [
      bid(0, { auction: 1, price: 5 }),
      bid(0, { auction: 2, price: 6 }),
      auction(1, { id: 1, expires: at(5) }),
      auction(1, { id: 2, category: 11 }),
      bid(99, { auction: 1, price: 7, bidder: 3 }),
      bid(99, { auction: 3, price: 8 }),
    ],
    [
      { ...bidRow, bidDateTime: at(0), bidExtra: "b", ...row },
      { ...bidRow, bidder: 3, price: 7, bidDateTime: at(99), bidExtra: "b", ...row },
    ],
  );
});
