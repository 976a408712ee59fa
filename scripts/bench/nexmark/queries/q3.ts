import { unbounded } from "../../../../sdk/streams/index.ts";
import { isAuction, isPerson } from "./event.ts";
import { query } from "./query.ts";

const STATES: readonly string[] = ["OR", "ID", "CA"];

/** Who sells in three states, and in one category. */
export const q3 = query("q3", {
  rows: "every",
  sql: `
    SELECT person.name, person.city, person.state, auction.id
    FROM auction JOIN person ON person.id = auction.seller
    WHERE auction.category = 10 AND person.state IN ('OR', 'ID', 'CA')
  `,
  define: ({ events }) => {
    const all = events();
    const sellers = all.filter(isPerson).filter(({ state }) => STATES.includes(state));
    return all
      .filter(isAuction)
      .filter(({ category }) => category === 10)
      .selectKey(({ seller }) => String(seller))
      .join(sellers, ({ id }, { name, city, state }) => ({ name, city, state, id }), {
        windows: unbounded(),
        once: true,
      });
  },
});
