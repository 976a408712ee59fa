import { test } from "vitest";
import { expectRows } from "../test/expect-rows.ts";
import { at, auction, bid, person } from "../test/tiny-events.ts";
import { q0 } from "./q0.ts";
import { q1 } from "./q1.ts";
import { q2 } from "./q2.ts";

test("q0: every bid as it is, repeated ones too [NEX-6]", () => {
  const row = {
    auction: 1,
    bidder: 2,
    price: 300,
    channel: "Apple",
    url: 'u?"\\ä',
    dateTime: at(1),
    extra: "",
  };
  const same = bid(1, { bidder: 2, price: 300, url: 'u?"\\ä', extra: "" });
  expectRows(q0, [person(0, {}), auction(0, {}), same, same], [row, row]);
});

test("q1: prices in euros, at 0.908 for a dollar [NEX-6]", () => {
  expectRows(
    q1,
    [person(0, {}), auction(0, {}), bid(1, { price: 1_000 }), bid(2, { price: 123_457, bidder: 3 })],
    [
      { auction: 1, bidder: 1, price: 908, dateTime: at(1), extra: "b" },
      { auction: 1, bidder: 3, price: 112_098.956, dateTime: at(2), extra: "b" },
    ],
  );
});

test("q2: bids on auctions whose id is a multiple of 123 [NEX-6]", () => {
  const auctions = [122, 123, 124, 1_230, 1_231, 1_353];
  expectRows(
    q2,
    [auction(0, { id: 123 }), ...auctions.map((each, index) => bid(1, { auction: each, price: index }))],
    [
      { auction: 123, price: 1 },
      { auction: 1_230, price: 3 },
      { auction: 1_353, price: 5 },
    ],
  );
});
