import { d1, every, pipeline, r2, tumbling } from "../sdk/streams/index.ts";
import { type Flight, FLIGHTS_TOPIC } from "./flight.ts";

/** A flight this many minutes behind counts as on time (the Bureau of Transportation Statistics' own line). */
export const ON_TIME_MINUTES = 15;

/** Flights of one airport in one hour. Sums of whole numbers, so that no order of adding changes them. */
interface Hour {
  readonly flights: number;
  readonly delay: number;
  readonly maxDelay: number | null;
  readonly late: number;
}

/** Punctuality by airport and hour, kept up to date in D1, and all flights in R2 by day. */
export const airportHours = pipeline("airport-hours", ({ stream }) => {
  const flights = stream<Flight>(FLIGHTS_TOPIC);

  flights
    .groupByKey()
    // Each airport's flights come in time order, so none is late; the hour of grace is for producers that are not so tidy.
    .windowedBy(tumbling({ size: "1 hour", grace: "1 hour" }))
    .aggregate(noFlights, addFlight, { store: "airport-hours", retention: "7 days" })
    .toStream()
    .mapValues((hour, window) => ({
      airport: window.key,
      window_start: window.start,
      flights: hour.flights,
      mean_delay: hour.delay / hour.flights,
      max_delay: hour.maxDelay,
      late_share: hour.late / hour.flights,
    }))
    .to(
      d1("airport_hours", {
        columns: {
          airport: "TEXT",
          window_start: "INTEGER",
          flights: "INTEGER",
          mean_delay: "REAL",
          max_delay: "INTEGER",
          late_share: "REAL",
        },
        primaryKey: ["airport", "window_start"],
      }),
    );

  flights.to(r2("flights"));
}).trigger(every("2 seconds"));

function noFlights(): Hour {
  return { flights: 0, delay: 0, maxDelay: null, late: 0 };
}

function addFlight(hour: Hour, { delay }: Flight): Hour {
  return {
    flights: hour.flights + 1,
    delay: hour.delay + delay,
    maxDelay: Math.max(hour.maxDelay ?? delay, delay),
    late: hour.late + (delay > ON_TIME_MINUTES ? 1 : 0),
  };
}
