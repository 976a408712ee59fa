import { query } from "./query.ts";

/** The highest bids of each tumbling window of 10 s, all that are as high. */
export const q7 = query("q7", {
  rows: "last",
  sql: `
    WITH highest AS (SELECT dateTime / 10000 AS window, MAX(price) AS price FROM bid GROUP BY window)
    SELECT bid.auction, bid.price, bid.bidder, bid.dateTime, bid.extra
    FROM bid JOIN highest ON highest.window = bid.dateTime / 10000 AND highest.price = bid.price
  `,
});
