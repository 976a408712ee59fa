import { query } from "./query.ts";

/** Bids of each bidder in each session. A bid within 10 s of the last one, 10 s included, goes on with it. */
export const q11 = query("q11", {
  rows: "last",
  sql: `
    WITH marked AS (
      SELECT bidder, dateTime, dateTime - LAG(dateTime) OVER byBidder <= 10000 AS goesOn
      FROM bid WINDOW byBidder AS (PARTITION BY bidder ORDER BY dateTime)
    ),
    numbered AS (
      SELECT bidder, dateTime, SUM(goesOn IS NOT TRUE) OVER soFar AS session
      FROM marked WINDOW soFar AS (PARTITION BY bidder ORDER BY dateTime)
    )
    SELECT bidder, COUNT(*) AS bidCount, MIN(dateTime) AS starttime, MAX(dateTime) + 10000 AS endtime
    FROM numbered GROUP BY bidder, session
  `,
});
