// What Nexmark's three kinds of events hold. Times are ms since the epoch, prices are cents.

export interface Person {
  readonly id: number;
  readonly name: string;
  readonly emailAddress: string;
  readonly creditCard: string;
  readonly city: string;
  readonly state: string;
  readonly dateTime: number;
  readonly extra: string;
}

export interface Auction {
  readonly id: number;
  readonly itemName: string;
  readonly description: string;
  readonly initialBid: number;
  readonly reserve: number;
  readonly dateTime: number;
  readonly expires: number;
  /** Id of a person, who may not have come yet. */
  readonly seller: number;
  readonly category: number;
  readonly extra: string;
}

export interface Bid {
  /** Id of an auction, which may not have come yet. */
  readonly auction: number;
  /** Id of a person, who may not have come yet. */
  readonly bidder: number;
  readonly price: number;
  readonly channel: string;
  readonly url: string;
  readonly dateTime: number;
  readonly extra: string;
}

export type PersonEvent = { readonly type: "person" } & Person;
export type AuctionEvent = { readonly type: "auction" } & Auction;
export type BidEvent = { readonly type: "bid" } & Bid;
export type NexmarkEvent = PersonEvent | AuctionEvent | BidEvent;

export function isPerson(event: NexmarkEvent): event is PersonEvent {
  return event.type === "person";
}

export function isAuction(event: NexmarkEvent): event is AuctionEvent {
  return event.type === "auction";
}

export function isBid(event: NexmarkEvent): event is BidEvent {
  return event.type === "bid";
}
