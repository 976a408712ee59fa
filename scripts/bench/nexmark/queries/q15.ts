import { every } from "../../../../sdk/streams/index.ts";
import { dayOf } from "./day.ts";
import { distinctCounts, withSeen } from "./distinct-counts.ts";
import { query } from "./query.ts";

/** Bids, bidders and auctions of each day, in all and in three ranks of prices. */
export const q15 = query("q15", {
  rows: "last",
  sql: `
    SELECT strftime('%Y-%m-%d', dateTime / 1000, 'unixepoch') AS day,
      COUNT(*) AS totalBids,
      COUNT(*) FILTER (WHERE price < 10000) AS rank1Bids,
      COUNT(*) FILTER (WHERE price >= 10000 AND price < 1000000) AS rank2Bids,
      COUNT(*) FILTER (WHERE price >= 1000000) AS rank3Bids,
      COUNT(DISTINCT bidder) AS totalBidders,
      COUNT(DISTINCT bidder) FILTER (WHERE price < 10000) AS rank1Bidders,
      COUNT(DISTINCT bidder) FILTER (WHERE price >= 10000 AND price < 1000000) AS rank2Bidders,
      COUNT(DISTINCT bidder) FILTER (WHERE price >= 1000000) AS rank3Bidders,
      COUNT(DISTINCT auction) AS totalAuctions,
      COUNT(DISTINCT auction) FILTER (WHERE price < 10000) AS rank1Auctions,
      COUNT(DISTINCT auction) FILTER (WHERE price >= 10000 AND price < 1000000) AS rank2Auctions,
      COUNT(DISTINCT auction) FILTER (WHERE price >= 1000000) AS rank3Auctions
    FROM bid GROUP BY day
  `,
  define: ({ bids }) => {
    const byDay = bids().map(({ auction, bidder, price, dateTime }) => ({
      key: dayOf(dateTime),
      value: { auction, bidder, price, dateTime },
    }));
    return withSeen(byDay)
      .aggregate(distinctCounts)
      .toStream()
      .mapValues((counts, day) => ({ day, ...counts }));
  },
  trigger: every("1 second"),
});
