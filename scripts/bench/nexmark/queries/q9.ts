import { every } from "../../../../sdk/streams/index.ts";
import { bidsInTime } from "./bids-with-auctions.ts";
import { query } from "./query.ts";

/** The winning bid of each auction that has one: the highest while it was open, both ends included; of equal ones the first. */
export const q9 = query("q9", {
  rows: "last",
  sql: `
    WITH ranked AS (
      SELECT auction.*, bid.auction, bid.bidder, bid.price, bid.dateTime AS bidDateTime, bid.extra AS bidExtra,
        ROW_NUMBER() OVER (PARTITION BY auction.id ORDER BY bid.price DESC, bid.seq) AS rank
      FROM auction JOIN bid ON bid.auction = auction.id
      WHERE bid.dateTime BETWEEN auction.dateTime AND auction.expires
    )
    SELECT id, itemName, description, initialBid, reserve, dateTime, expires, seller, category, extra,
      auction, bidder, price, bidDateTime, bidExtra
    FROM ranked WHERE rank = 1
  `,
  define: ({ events }) =>
    bidsInTime(events())
      .mapValues(({ bid, auction }) => ({
        id: auction.id,
        itemName: auction.itemName,
        description: auction.description,
        initialBid: auction.initialBid,
        reserve: auction.reserve,
        dateTime: auction.dateTime,
        expires: auction.expires,
        seller: auction.seller,
        category: auction.category,
        extra: auction.extra,
        auction: bid.auction,
        bidder: bid.bidder,
        price: bid.price,
        bidDateTime: bid.dateTime,
        bidExtra: bid.extra,
      }))
      .groupByKey()
      .reduce((highest, next) => (next.price > highest.price ? next : highest))
      .toStream(),
  trigger: every("1 second"),
});
