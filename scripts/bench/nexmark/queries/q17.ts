import { query } from "./query.ts";

/** Bids and prices of each auction and day. */
export const q17 = query("q17", {
  rows: "last",
  sql: `
    SELECT auction, strftime('%Y-%m-%d', dateTime / 1000, 'unixepoch') AS day,
      COUNT(*) AS totalBids,
      COUNT(*) FILTER (WHERE price < 10000) AS rank1Bids,
      COUNT(*) FILTER (WHERE price >= 10000 AND price < 1000000) AS rank2Bids,
      COUNT(*) FILTER (WHERE price >= 1000000) AS rank3Bids,
      MIN(price) AS minPrice,
      MAX(price) AS maxPrice,
      CAST(SUM(price) AS REAL) / COUNT(*) AS avgPrice,
      SUM(price) AS sumPrice
    FROM bid GROUP BY auction, day
  `,
});
