// What the demo's pipelines must come to, from the array of flights alone: loops over an array, nothing of the engine and
// nothing of the pipelines' own functions. Arithmetic is done in the pipelines' order, so numbers are equal to the bit as
// long as each airport's flights are in the same order.
import type { DelayAlert } from "./delay-alerts.ts";
import { type Flight, flightTimeMs } from "./flight.ts";

export interface AirportHour {
  readonly airport: string;
  readonly window_start: number;
  readonly flights: number;
  readonly mean_delay: number;
  readonly max_delay: number;
  readonly late_share: number;
}

/** In order of the flights; on a topic only the order per airport is kept. */
export function expectedAlerts(flights: readonly Flight[]): readonly DelayAlert[] {
  const alerts: DelayAlert[] = [];
  for (const [airport, ofAirport] of groupBy(flights, (flight) => flight.origin)) {
    let mean = 0;
    let squares = 0;
    for (const [before, flight] of ofAirport.entries()) {
      const deviation = Math.sqrt(squares / (before - 1));
      if (before >= 30 && flight.delay > mean + 3 * deviation) alerts.push({ airport, flight, mean, deviation });
      const distance = flight.delay - mean;
      mean += distance / (before + 1);
      squares += distance * (flight.delay - mean);
    }
  }
  const position = new Map(flights.map((flight, index) => [flight, index]));
  return alerts.toSorted((a, b) => (position.get(a.flight) ?? 0) - (position.get(b.flight) ?? 0));
}

/** By airport, then hour. */
export function expectedAirportHours(flights: readonly Flight[]): readonly AirportHour[] {
  const hourMs = 3_600_000;
  const hourOf = (flight: Flight): number => Math.floor(flightTimeMs(flight) / hourMs) * hourMs;
  return Array.from(groupBy(flights, (flight) => `${flight.origin} ${hourOf(flight)}`).values(), (group) => {
    const delays = group.map((flight) => flight.delay);
    const [first] = group as [Flight, ...Flight[]];
    return {
      airport: first.origin,
      window_start: hourOf(first),
      flights: group.length,
      mean_delay: delays.reduce((sum, delay) => sum + delay, 0) / group.length,
      max_delay: Math.max(...delays),
      late_share: delays.filter((delay) => delay > 15).length / group.length,
    };
  }).toSorted((a, b) => compare(a.airport, b.airport) || a.window_start - b.window_start);
}

/** Flights by day, `2001-01-10`; the order within a day is not part of the promise when a topic has several partitions. */
export function expectedArchive(flights: readonly Flight[]): ReadonlyMap<string, readonly Flight[]> {
  return groupBy(flights, (flight) => flight.date.slice(0, 10).replaceAll("/", "-"));
}

/** `Map.groupBy`, which ES2023 does not have. */
function groupBy(flights: readonly Flight[], keyOf: (flight: Flight) => string): Map<string, Flight[]> {
  const groups = new Map<string, Flight[]>();
  for (const flight of flights) {
    const group = groups.get(keyOf(flight));
    if (group === undefined) groups.set(keyOf(flight), [flight]);
    else group.push(flight);
  }
  return groups;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
