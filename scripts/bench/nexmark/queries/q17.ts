import { avg, every, max, min, sum, tumbling } from "../../../../sdk/streams/index.ts";
import { dayOf } from "./day.ts";
import { bidCounts } from "./price-ranks.ts";
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
  define: ({ bids }) =>
    bids()
      .groupByKey()
      .windowedBy(tumbling({ size: "1 day", grace: 0 }))
      .aggregate({
        ...bidCounts,
        minPrice: min((bid) => bid.price),
        maxPrice: max((bid) => bid.price),
        avgPrice: avg((bid) => bid.price),
        sumPrice: sum((bid) => bid.price),
      })
      .toStream()
      .mapValues((row, { key, start }) => ({ auction: Number(key), day: dayOf(start), ...row })),
  trigger: every("1 second"),
});
