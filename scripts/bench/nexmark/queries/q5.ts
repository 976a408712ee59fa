import { every, hopping } from "../../../../sdk/streams/index.ts";
import { query } from "./query.ts";

/** The auctions that share the greatest number of bids so far. */
interface Most {
  readonly num: number;
  readonly auctions: readonly string[];
}

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
  define: ({ bids }) =>
    bids()
      .groupByKey()
      .windowedBy(hopping({ size: "10 seconds", advance: "2 seconds", grace: 0 }))
      .count()
      .toStream()
      .map<Most>((num, { key: auction, start }) => ({ key: String(start), value: { num, auctions: [auction] } }))
      .groupByKey()
      .reduce(more)
      .toStream()
      .mapValues(({ num, auctions }, start) =>
        auctions.map((auction) => ({ starttime: Number(start), auction: Number(auction), num })),
      ),
  trigger: every("1 second"),
});

/** Counts only grow, so what is behind now need not be kept. */
function more(most: Most, next: Most): Most {
  if (next.num !== most.num) return next.num > most.num ? next : most;
  return { ...most, auctions: [...most.auctions, ...next.auctions] };
}
