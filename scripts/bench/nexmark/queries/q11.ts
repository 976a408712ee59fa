import { every, session } from "../../../../sdk/streams/index.ts";
import { query } from "./query.ts";

const GAP_MS = 10_000;

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
  define: ({ bids }) =>
    bids()
      .map(({ bidder, auction }) => ({ key: String(bidder), value: auction }))
      .groupByKey()
      .windowedBy(session({ gap: GAP_MS, grace: 0 }))
      .count()
      .toStream()
      .mapValues((bidCount, { key, start, end }) =>
        // A session that grew is another one.
        bidCount === null ? null : { bidder: Number(key), bidCount, starttime: start, endtime: end + GAP_MS },
      ),
  trigger: every("1 second"),
});
