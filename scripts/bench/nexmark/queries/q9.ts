import { query } from "./query.ts";

/**
 * The winning bid of each auction that has one: the highest while it was open, both ends included. Of equal ones the first
 * wins, of one time that of the lower bidder.
 */
export const q9 = query("q9", {
  rows: "last",
  sql: `
    WITH ranked AS (
      SELECT auction.*, bid.auction, bid.bidder, bid.price, bid.dateTime AS bidDateTime, bid.extra AS bidExtra,
        ROW_NUMBER() OVER (PARTITION BY auction.id ORDER BY bid.price DESC, bid.dateTime, bid.bidder, bid.extra) AS rank
      FROM auction JOIN bid ON bid.auction = auction.id
      WHERE bid.dateTime BETWEEN auction.dateTime AND auction.expires
    )
    SELECT id, itemName, description, initialBid, reserve, dateTime, expires, seller, category, extra,
      auction, bidder, price, bidDateTime, bidExtra
    FROM ranked WHERE rank = 1
  `,
});
