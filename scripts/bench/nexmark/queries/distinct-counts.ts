import { count, type GroupedStream, mapState, type Stream } from "../../../../sdk/streams/index.ts";
import type { Bid } from "./event.ts";
import { bidCounts, type Rank, rankOf } from "./price-ranks.ts";

export type CountedBid = Pick<Bid, "auction" | "bidder" | "price" | "dateTime">;

/** In which ranks the bidder and the auction of a bid have been seen before, under its key. */
interface Seen {
  readonly bidderIn: readonly Rank[];
  readonly auctionIn: readonly Rank[];
}

/** Each bidder and auction has a state of its own: `countDistinct` would keep all of a key in one. */
export function withSeen(bids: Stream<CountedBid>): GroupedStream<CountedBid & Seen> {
  return bids
    .processValues({
      state: { bidders: mapState<readonly Rank[]>(), auctions: mapState<readonly Rank[]>() },
      record(bid, _key, { state }) {
        const seenIn = (ids: typeof state.bidders, id: number): readonly Rank[] => {
          const rank = rankOf(bid.price);
          const ranks = ids.get(String(id)) ?? [];
          if (!ranks.includes(rank)) ids.set(String(id), [...ranks, rank]);
          return ranks;
        };
        const bidderIn = seenIn(state.bidders, bid.bidder);
        return [{ ...bid, bidderIn, auctionIn: seenIn(state.auctions, bid.auction) }];
      },
    })
    .groupByKey();
}

const newOnes = (kind: keyof Seen) => count((seen: Seen) => seen[kind].length === 0);
const newIn = (kind: keyof Seen, rank: Rank) =>
  count((bid: CountedBid & Seen) => rankOf(bid.price) === rank && !bid[kind].includes(rank));

/** Bids, bidders and auctions, in all and in three ranges of prices. */
export const distinctCounts = {
  ...bidCounts,
  totalBidders: newOnes("bidderIn"),
  rank1Bidders: newIn("bidderIn", 1),
  rank2Bidders: newIn("bidderIn", 2),
  rank3Bidders: newIn("bidderIn", 3),
  totalAuctions: newOnes("auctionIn"),
  rank1Auctions: newIn("auctionIn", 1),
  rank2Auctions: newIn("auctionIn", 2),
  rank3Auctions: newIn("auctionIn", 3),
};
