import { query } from "./query.ts";

/** Bids on some auctions. */
export const q2 = query("q2", {
  rows: "every",
  sql: "SELECT auction, price FROM bid WHERE auction % 123 = 0",
  define: ({ bids }) =>
    bids()
      .filter(({ auction }) => auction % 123 === 0)
      .mapValues(({ auction, price }) => ({ auction, price })),
});
