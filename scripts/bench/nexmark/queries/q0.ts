import { query } from "./query.ts";

/** Every bid, unchanged. */
export const q0 = query("q0", {
  rows: "every",
  sql: "SELECT auction, bidder, price, channel, url, dateTime, extra FROM bid",
  define: ({ bids }) => bids(),
});
