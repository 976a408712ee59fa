import { every } from "../../../../sdk/streams/index.ts";
import type { Bid } from "./event.ts";
import { query } from "./query.ts";

const WINDOW_MS = 10_000;

/** The highest bids of each tumbling window of 10 s, all that are as high. */
export const q7 = query("q7", {
  rows: "last",
  sql: `
    WITH highest AS (SELECT dateTime / 10000 AS window, MAX(price) AS price FROM bid GROUP BY window)
    SELECT bid.auction, bid.price, bid.bidder, bid.dateTime, bid.extra
    FROM bid JOIN highest ON highest.window = bid.dateTime / 10000 AND highest.price = bid.price
  `,
  define: ({ bids }) =>
    bids()
      // The highest of each micro-batch go on: of all bids, few.
      .mapBatch((records) => {
        const windows = new Map<string, readonly Bid[]>();
        for (const { value } of records) {
          const window = String(Math.floor(value.dateTime / WINDOW_MS));
          windows.set(window, higher(windows.get(window) ?? [], [value]));
        }
        return Array.from(windows, ([key, value]) => ({ key, value }));
      })
      .groupByKey()
      .reduce(higher)
      .toStream()
      .mapValues((highest) =>
        highest.map(({ auction, price, bidder, dateTime, extra }) => ({ auction, price, bidder, dateTime, extra })),
      ),
  trigger: every("1 second"),
});

/** Bids of one price each: those of the higher one, or all. */
function higher(highest: readonly Bid[], next: readonly Bid[]): readonly Bid[] {
  const [before, now] = [highest, next].map(([bid]) => bid?.price ?? 0) as [number, number];
  if (before === now) return [...highest, ...next];
  return now > before ? next : highest;
}
