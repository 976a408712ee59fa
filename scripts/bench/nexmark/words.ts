import type { Random } from "./random.ts";

export const FIRST_NAMES = [
  "Ada",
  "Alan",
  "Barbara",
  "Edgar",
  "Edsger",
  "Grace",
  "Jim",
  "Katherine",
  "Leslie",
  "Margaret",
];
export const LAST_NAMES = [
  "Codd",
  "Dijkstra",
  "Gray",
  "Hamilton",
  "Hopper",
  "Johnson",
  "Lamport",
  "Liskov",
  "Lovelace",
];
/** q3 asks for three of these. */
export const STATES = ["AZ", "CA", "ID", "OR", "WA", "WY"];
export const CITIES = ["Bend", "Boise", "Cheyenne", "Kent", "Los Angeles", "Phoenix", "Portland", "Redmond", "Seattle"];

/** How a bid came. */
export interface Channel {
  readonly channel: string;
  readonly url: string;
}

const OTHER_CHANNELS = 10_000;
const MAX_CHANNEL_ID = 2 ** 31;

/** The four that bring half of the bids. */
export const CHANNELS: readonly Channel[] = ["Google", "Facebook", "Baidu", "Apple"].map((channel, at) => {
  return { channel, url: urlOf(["one", "two", "three"].map((word) => `${word}${at}`)) };
});

/** `channel-0` …, nine in ten with a `channel_id` in the url. */
export function channelTable(random: Random): readonly Channel[] {
  return Array.from({ length: OTHER_CHANNELS }, (_, number) => {
    const url = urlOf([random.letters(5), random.letters(5), random.letters(5)]);
    const parameter = random.below(10) > 0 ? `&channel_id=${random.below(MAX_CHANNEL_ID)}` : "";
    return { channel: `channel-${number}`, url: `${url}${parameter}` };
  });
}

function urlOf(directories: readonly string[]): string {
  return `https://www.nexmark.com/${directories.join("/")}/item.htm?query=1`;
}
