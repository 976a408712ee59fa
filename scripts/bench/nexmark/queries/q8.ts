import { query } from "./query.ts";

/** People who opened an auction in the tumbling window of 10 s in which they came. */
export const q8 = query("q8", {
  rows: "last",
  sql: `
    SELECT DISTINCT person.id, person.name, person.dateTime / 10000 * 10000 AS starttime
    FROM person JOIN auction ON auction.seller = person.id AND auction.dateTime / 10000 = person.dateTime / 10000
  `,
});
