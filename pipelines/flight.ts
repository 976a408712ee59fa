/**
 * A flight as the topic `flights` holds it: a row of the public data set flights-20k of vega-datasets (US domestic flights
 * of early 2001, from the Bureau of Transportation Statistics). The record's key is the origin, its time is the flight's.
 */
export interface Flight {
  /** Departure, `2001/01/10 18:20`. Taken as UTC. */
  readonly date: string;
  /** Minutes late on arrival; negative is early. */
  readonly delay: number;
  /** Miles. */
  readonly distance: number;
  /** Airport codes. */
  readonly origin: string;
  readonly destination: string;
}

export const FLIGHTS_TOPIC = "flights";

/** Ms since the epoch. */
export function flightTimeMs(flight: Flight): number {
  return Date.parse(`${flight.date.replaceAll("/", "-").replace(" ", "T")}:00Z`);
}
