import { every, topN } from "../../../../sdk/streams/index.ts";
import { query } from "./query.ts";

/** The ten highest bids of each auction; of equal ones the first is higher. */
export const q19 = query("q19", {
  rows: "last",
  sql: `
    WITH ranked AS (
      SELECT *, ROW_NUMBER() OVER (PARTITION BY auction ORDER BY price DESC, seq) AS rank FROM bid
    )
    SELECT auction, bidder, price, channel, url, dateTime, extra, rank FROM ranked WHERE rank <= 10
  `,
  define: ({ bids }) =>
    bids()
      .groupByKey()
      .aggregate(topN(10, (bid) => bid.price))
      .toStream()
      .mapValues((highest) => highest.map((bid, place) => ({ ...bid, rank: place + 1 }))),
  trigger: every("1 second"),
});
