import { perEvent, pipeline } from "../sdk/streams/index.ts";
import { type Flight, FLIGHTS_TOPIC } from "./flight.ts";

/** An airport whose delays are known from fewer flights gives no alert. */
export const MIN_FLIGHTS = 30;
export const MAX_DEVIATIONS = 3;

/** A flight that left its airport unusually late. */
export interface DelayAlert {
  readonly airport: string;
  readonly flight: Flight;
  /** Mean and standard deviation of the delays at this airport before this flight, minutes. */
  readonly mean: number;
  readonly deviation: number;
}

/**
 * Delays at one airport so far. Welford's running mean and sum of squared distances from it: stable where the sum of squares
 * cancels (Knuth, The Art of Computer Programming 2, 4.2.2).
 */
export interface AirportStats {
  readonly flights: number;
  readonly mean: number;
  readonly squares: number;
  /** What the latest flight gave. */
  readonly alert: DelayAlert | null;
}

/** Flights more than three standard deviations later than usual for their airport, one by one as they come in. */
export const delayAlerts = pipeline("delay-alerts", ({ stream }) =>
  stream<Flight>(FLIGHTS_TOPIC)
    .groupByKey()
    .aggregate(noFlights, addFlight, { store: "airport-stats" })
    .toStream()
    .mapValues((stats) => stats.alert)
    .filter((alert) => alert !== null)
    .to("delay-alerts"),
).trigger(perEvent());

function noFlights(): AirportStats {
  return { flights: 0, mean: 0, squares: 0, alert: null };
}

function addFlight(before: AirportStats, flight: Flight, airport: string): AirportStats {
  const flights = before.flights + 1;
  const distance = flight.delay - before.mean;
  const mean = before.mean + distance / flights;
  return {
    flights,
    mean,
    squares: before.squares + distance * (flight.delay - mean),
    alert: alertOf(before, flight, airport),
  };
}

/** Judged by the flights before it: the flight itself must not widen the range it is held against. */
function alertOf({ flights, mean, squares }: AirportStats, flight: Flight, airport: string): DelayAlert | null {
  if (flights < MIN_FLIGHTS) return null;
  const deviation = Math.sqrt(squares / (flights - 1));
  return flight.delay > mean + MAX_DEVIATIONS * deviation ? { airport, flight, mean, deviation } : null;
}
