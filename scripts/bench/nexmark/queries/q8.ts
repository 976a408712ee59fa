import { tumbling } from "../../../../sdk/streams/index.ts";
import { isAuction, isPerson } from "./event.ts";
import { query } from "./query.ts";

const WINDOW_MS = 10_000;

/** People who opened an auction in the tumbling window of 10 s in which they came. */
export const q8 = query("q8", {
  rows: "every",
  sql: `
    SELECT DISTINCT person.id, person.name, person.dateTime / 10000 * 10000 AS starttime
    FROM person JOIN auction ON auction.seller = person.id AND auction.dateTime / 10000 = person.dateTime / 10000
  `,
  define: ({ events }) => {
    const all = events();
    const auctions = all.filter(isAuction).selectKey(({ seller }) => String(seller));
    return all
      .filter(isPerson)
      .semiJoin(auctions, tumbling({ size: WINDOW_MS, grace: 0 }))
      .mapValues(({ id, name, dateTime }) => ({ id, name, starttime: dateTime - (dateTime % WINDOW_MS) }));
  },
});
