import { query } from "./query.ts";

/** Who sells in three states, and in one category. */
export const q3 = query("q3", {
  rows: "every",
  sql: `
    SELECT person.name, person.city, person.state, auction.id
    FROM auction JOIN person ON person.id = auction.seller
    WHERE auction.category = 10 AND person.state IN ('OR', 'ID', 'CA')
  `,
});
