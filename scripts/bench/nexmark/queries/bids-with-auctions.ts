import { type Stream, unbounded } from "../../../../sdk/streams/index.ts";
import { type Auction, type Bid, isAuction, isBid, type NexmarkEvent } from "./event.ts";

export interface BidOnAuction {
  readonly bid: Bid;
  readonly auction: Auction;
}

/** By auction: each bid with its auction, whichever came first and however far apart. */
export function bidsWithAuctions(events: Stream<NexmarkEvent>): Stream<BidOnAuction, string> {
  return events.filter(isBid).join(events.filter(isAuction), (bid, auction): BidOnAuction => ({ bid, auction }), {
    windows: unbounded(),
    // A bid has one auction, so it is not kept once that is there.
    once: true,
  });
}

/** Those that came while the auction was open, both ends included. */
export function bidsInTime(events: Stream<NexmarkEvent>): Stream<BidOnAuction, string> {
  return bidsWithAuctions(events).filter(
    ({ bid, auction }) => auction.dateTime <= bid.dateTime && bid.dateTime <= auction.expires,
  );
}
