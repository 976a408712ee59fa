import type { AuctionEvent, BidEvent, PersonEvent } from "../queries/event.ts";

/** 20 s before midnight, and a multiple of 10 s. */
export const START_MS = Date.UTC(2020, 0, 1, 23, 59, 40);

/** Seconds after START_MS as ms since the epoch. */
export function at(seconds: number): number {
  return START_MS + seconds * 1_000;
}

type Fields<Event> = Partial<Omit<Event, "type" | "dateTime">>;

export function person(seconds: number, fields: Fields<PersonEvent>): PersonEvent {
  const texts = { name: "Ada", emailAddress: "a@b.com", creditCard: "1", city: "Boise", state: "ID", extra: "p" };
  return { type: "person", id: 1, ...texts, ...fields, dateTime: at(seconds) };
}

/** Open for 10 seconds unless told. */
export function auction(seconds: number, fields: Fields<AuctionEvent>): AuctionEvent {
  const rest = { itemName: "i", description: "d", initialBid: 1, reserve: 2, seller: 1, category: 10, extra: "a" };
  return { type: "auction", id: 1, ...rest, expires: at(seconds + 10), ...fields, dateTime: at(seconds) };
}

export function bid(seconds: number, fields: Fields<BidEvent>): BidEvent {
  const rest = { bidder: 1, price: 100, channel: "Apple", url: "u", extra: "b" };
  return { type: "bid", auction: 1, ...rest, ...fields, dateTime: at(seconds) };
}
