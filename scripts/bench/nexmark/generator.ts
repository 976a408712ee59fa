// Nexmark's events with the distributions of github.com/nexmark/nexmark, whose own generator takes its values from an
// unseeded source.
import type { AuctionEvent, BidEvent, NexmarkEvent, PersonEvent } from "./queries/event.ts";
import { Random } from "./random.ts";
import { CHANNELS, CITIES, channelTable, type Channel, FIRST_NAMES, LAST_NAMES, STATES } from "./words.ts";

/** Of the published figures. */
export const SEED = 20_150_715;

export interface GeneratorOptions {
  readonly count: number;
  readonly seed?: number | undefined;
  /** By the events' own times: 10,000 unless given. */
  readonly eventsPerSecond?: number | undefined;
}

/** Half a minute before midnight, so that results by day have two days. */
const BASE_MS = Date.UTC(2020, 0, 1, 23, 59, 30);
const FIRST_ID = 1_000;
const FIRST_CATEGORY = 10;
const CATEGORIES = 5;

/** Events come in groups of 50: a person, three auctions, and bids. */
const GROUP = 50;
const AUCTIONS_IN_GROUP = 3;

/** One of so many bids is not on the hot auction, and so on. */
const HOT_AUCTION_RATIO = 2;
const HOT_SELLER_RATIO = 4;
const HOT_BIDDER_RATIO = 4;
const HOT_CHANNEL_RATIO = 2;
/** Of so many ids the first one is hot. */
const HOT_GROUP = 100;
const AUCTIONS_IN_FLIGHT = 100;
const ACTIVE_PERSONS = 1_000;
/** Ids are drawn up to so far beyond the last one given. */
const ID_LEAD = 10;

const PERSON_BYTES = 200;
const AUCTION_BYTES = 500;
const BID_BYTES = 100;
const NUMBER_BYTES = 8;

/** The first `count` events of a seed. */
export function* generated({
  count,
  seed = SEED,
  eventsPerSecond = 10_000,
}: GeneratorOptions): Generator<NexmarkEvent> {
  const generator = new EventGenerator(new Random(seed), 1_000 / eventsPerSecond);
  for (let number = 0; number < count; number++) yield generator.event(number);
}

class EventGenerator {
  readonly #random: Random;
  readonly #intervalMs: number;
  readonly #channels: readonly Channel[];

  constructor(random: Random, intervalMs: number) {
    this.#random = random;
    this.#intervalMs = intervalMs;
    this.#channels = channelTable(random);
  }

  event(number: number): NexmarkEvent {
    const dateTime = BASE_MS + Math.floor(number * this.#intervalMs);
    const place = number % GROUP;
    if (place === 0) return this.#person(number, dateTime);
    return place <= AUCTIONS_IN_GROUP ? this.#auction(number, dateTime) : this.#bid(number, dateTime);
  }

  #person(number: number, dateTime: number): PersonEvent {
    const random = this.#random;
    const name = `${random.of(FIRST_NAMES)} ${random.of(LAST_NAMES)}`;
    const emailAddress = `${random.letters(7)}@${random.letters(5)}.com`;
    const creditCard = Array.from({ length: 4 }, () => String(random.below(10_000)).padStart(4, "0")).join(" ");
    const city = random.of(CITIES);
    const state = random.of(STATES);
    const used = 2 * NUMBER_BYTES + name.length + emailAddress.length + creditCard.length + city.length + state.length;
    const id = FIRST_ID + lastPerson(number);
    const extra = this.#extra(PERSON_BYTES - used);
    return { type: "person", id, name, emailAddress, creditCard, city, state, dateTime, extra };
  }

  #auction(number: number, dateTime: number): AuctionEvent {
    const random = this.#random;
    const seller =
      FIRST_ID + (random.below(HOT_SELLER_RATIO) > 0 ? hotOf(lastPerson(number)) : this.#activePerson(number));
    const category = FIRST_CATEGORY + random.below(CATEGORIES);
    const initialBid = this.#price();
    const reserve = initialBid + this.#price();
    const expires = dateTime + 1 + random.below(2 * Math.max(1, this.#openMs));
    const itemName = random.letters(3 + random.below(17));
    const description = random.letters(3 + random.below(97));
    const used = 6 * NUMBER_BYTES + itemName.length + description.length;
    const id = FIRST_ID + lastAuction(number);
    const extra = this.#extra(AUCTION_BYTES - used);
    return {
      type: "auction",
      id,
      itemName,
      description,
      initialBid,
      reserve,
      dateTime,
      expires,
      seller,
      category,
      extra,
    };
  }

  #bid(number: number, dateTime: number): BidEvent {
    const random = this.#random;
    const auction =
      FIRST_ID + (random.below(HOT_AUCTION_RATIO) > 0 ? hotOf(lastAuction(number)) : this.#openAuction(number));
    // The one behind the hot seller.
    const bidder =
      FIRST_ID + (random.below(HOT_BIDDER_RATIO) > 0 ? hotOf(lastPerson(number)) + 1 : this.#activePerson(number));
    const price = this.#price();
    const { channel, url } = random.below(HOT_CHANNEL_RATIO) > 0 ? random.of(CHANNELS) : random.of(this.#channels);
    const extra = this.#extra(BID_BYTES - 4 * NUMBER_BYTES);
    return { type: "bid", auction, bidder, price, channel, url, dateTime, extra };
  }

  /** Cents, at least 1.00. */
  #price(): number {
    return Math.round(10 ** (6 * this.#random.next()) * 100);
  }

  /** How long an auction is open on average: until AUCTIONS_IN_FLIGHT others have come. */
  get #openMs(): number {
    return Math.floor(Math.floor((AUCTIONS_IN_FLIGHT * GROUP) / AUCTIONS_IN_GROUP) * this.#intervalMs);
  }

  #openAuction(number: number): number {
    const last = lastAuction(number);
    const first = Math.max(0, last - AUCTIONS_IN_FLIGHT);
    return first + this.#random.below(last - first + 1 + ID_LEAD);
  }

  #activePerson(number: number): number {
    const persons = lastPerson(number) + 1;
    const active = Math.min(persons, ACTIVE_PERSONS);
    return persons - active + this.#random.below(active + ID_LEAD);
  }

  /** So many letters on average, a fifth more or less. */
  #extra(length: number): string {
    if (length <= 0) return "";
    const spread = Math.round(length / 5);
    return this.#random.letters(length - spread + (spread === 0 ? 0 : this.#random.below(2 * spread)));
  }
}

/** From 0, of the event or before it. */
function lastPerson(number: number): number {
  return Math.floor(number / GROUP);
}

function lastAuction(number: number): number {
  const place = number % GROUP;
  return Math.floor(number / GROUP) * AUCTIONS_IN_GROUP + Math.min(place, AUCTIONS_IN_GROUP) - 1;
}

function hotOf(last: number): number {
  return Math.floor(last / HOT_GROUP) * HOT_GROUP;
}
