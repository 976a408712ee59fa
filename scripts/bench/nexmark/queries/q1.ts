import { query } from "./query.ts";

const EUROS = 0.908;

/** Bids with the price in euros. */
export const q1 = query("q1", {
  rows: "every",
  sql: "SELECT auction, bidder, price * 0.908 AS price, dateTime, extra FROM bid",
  define: ({ bids }) =>
    bids().mapValues(({ auction, bidder, price, dateTime, extra }) => ({
      auction,
      bidder,
      price: price * EUROS,
      dateTime,
      extra,
    })),
});
