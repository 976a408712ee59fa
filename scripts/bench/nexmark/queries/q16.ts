import { every, max } from "../../../../sdk/streams/index.ts";
import { dayOf, minuteOf } from "./day.ts";
import { type CountedBid, distinctCounts, withSeen } from "./distinct-counts.ts";
import { query } from "./query.ts";

/** What q15 counts, of each channel and day, and the last minute that had a bid. */
export const q16 = query("q16", {
  rows: "last",
  sql: `
    SELECT channel, strftime('%Y-%m-%d', dateTime / 1000, 'unixepoch') AS day,
      MAX(strftime('%H:%M', dateTime / 1000, 'unixepoch')) AS minute,
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
    FROM bid GROUP BY channel, day
  `,
  define: ({ bids }) => {
    const byChannel = bids().map(({ channel, auction, bidder, price, dateTime }) => ({
      key: `${dayOf(dateTime)} ${channel}`,
      value: { auction, bidder, price, dateTime },
    }));
    return withSeen(byChannel)
      .aggregate({ ...distinctCounts, last: max((bid: CountedBid) => bid.dateTime) })
      .toStream()
      .mapValues(({ last, ...counts }, key) => {
        const [day, channel] = key.split(" ");
        return { channel, day, minute: minuteOf(last ?? 0), ...counts };
      });
  },
  trigger: every("1 second"),
});
