import { query } from "./query.ts";

/** The ten highest bids of each auction. Of equal ones the first is higher, of one time that of the lower bidder. */
export const q19 = query("q19", {
  rows: "last",
  sql: `
    WITH ranked AS (
      SELECT *, ROW_NUMBER() OVER (PARTITION BY auction ORDER BY price DESC, dateTime, bidder, extra) AS rank FROM bid
    )
    SELECT auction, bidder, price, channel, url, dateTime, extra, rank FROM ranked WHERE rank <= 10
  `,
});
