import { bidsWithAuctions } from "./bids-with-auctions.ts";
import { query } from "./query.ts";

/** Bids on auctions of one category, with the auction, however far apart they came. */
export const q20 = query("q20", {
  rows: "every",
  sql: `
    SELECT bid.auction, bid.bidder, bid.price, bid.channel, bid.url, bid.dateTime AS bidDateTime, bid.extra AS bidExtra,
      auction.itemName, auction.description, auction.initialBid, auction.reserve, auction.dateTime, auction.expires,
      auction.seller, auction.category, auction.extra
    FROM bid JOIN auction ON auction.id = bid.auction
    WHERE auction.category = 10
  `,
  define: ({ events }) =>
    bidsWithAuctions(events())
      .filter(({ auction }) => auction.category === 10)
      .mapValues(({ bid, auction }) => ({
        auction: bid.auction,
        bidder: bid.bidder,
        price: bid.price,
        channel: bid.channel,
        url: bid.url,
        bidDateTime: bid.dateTime,
        bidExtra: bid.extra,
        itemName: auction.itemName,
        description: auction.description,
        initialBid: auction.initialBid,
        reserve: auction.reserve,
        dateTime: auction.dateTime,
        expires: auction.expires,
        seller: auction.seller,
        category: auction.category,
        extra: auction.extra,
      })),
});
