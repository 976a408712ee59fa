import { query } from "./query.ts";

/** The auctions with the most bids in each hopping window of 10 s that advances by 2 s, all that have as many. */
export const q5 = query("q5", {
  rows: "last",
  sql: `
    WITH hop (number) AS (VALUES (0), (1), (2), (3), (4)),
    counted AS (
      SELECT (bid.dateTime / 2000 - hop.number) * 2000 AS starttime, bid.auction, COUNT(*) AS num
      FROM bid CROSS JOIN hop
      GROUP BY starttime, bid.auction
    ),
    most AS (SELECT starttime, MAX(num) AS num FROM counted GROUP BY starttime)
    SELECT counted.starttime, counted.auction, counted.num
    FROM counted JOIN most ON most.starttime = counted.starttime AND most.num = counted.num
  `,
});
