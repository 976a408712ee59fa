import { query } from "./query.ts";

/** The last bid of each bidder on each auction; of one time, the one that came last. */
export const q18 = query("q18", {
  rows: "last",
  sql: `
    WITH ranked AS (
      SELECT *, ROW_NUMBER() OVER (PARTITION BY bidder, auction ORDER BY dateTime DESC, seq DESC) AS rank FROM bid
    )
    SELECT auction, bidder, price, channel, url, dateTime, extra FROM ranked WHERE rank = 1
  `,
  define: ({ bids }) =>
    bids()
      .selectKey(({ bidder, auction }) => `${bidder}/${auction}`)
      .toTable()
      .toStream(),
});
