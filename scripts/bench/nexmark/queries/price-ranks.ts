import { count } from "../../../../sdk/streams/index.ts";
import type { Bid } from "./event.ts";

export type Rank = 1 | 2 | 3;

/** Of a price in cents. */
export function rankOf(price: number): Rank {
  if (price < 10_000) return 1;
  return price < 1_000_000 ? 2 : 3;
}

const ofRank = (rank: Rank) => count(({ price }: Pick<Bid, "price">) => rankOf(price) === rank);

/** Bids in all and in three ranges of prices. */
export const bidCounts = {
  totalBids: count(),
  rank1Bids: ofRank(1),
  rank2Bids: ofRank(2),
  rank3Bids: ofRank(3),
};
