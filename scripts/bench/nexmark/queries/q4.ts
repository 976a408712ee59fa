import { avg, every } from "../../../../sdk/streams/index.ts";
import { bidsInTime } from "./bids-with-auctions.ts";
import { query } from "./query.ts";

/** The average of the winning prices of each category. A bid wins while its auction is open, both ends included. */
export const q4 = query("q4", {
  rows: "last",
  sql: `
    WITH winning AS (
      SELECT auction.category, MAX(bid.price) AS final
      FROM auction JOIN bid ON bid.auction = auction.id
      WHERE bid.dateTime BETWEEN auction.dateTime AND auction.expires
      GROUP BY auction.id
    )
    SELECT category, CAST(SUM(final) AS REAL) / COUNT(*) AS average FROM winning GROUP BY category
  `,
  define: ({ events }) =>
    bidsInTime(events())
      .mapValues(({ bid, auction }) => ({ category: String(auction.category), price: bid.price }))
      .groupByKey()
      .reduce((highest, next) => (next.price > highest.price ? next : highest))
      .groupBy(({ category, price }) => ({ key: category, value: price }))
      .aggregate(avg((price: number) => price))
      .toStream()
      .mapValues((average, category) => ({ category: Number(category), average })),
  trigger: every("1 second"),
});
