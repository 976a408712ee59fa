import { expect } from "vitest";
import type { DelayAlert } from "../../../pipelines/delay-alerts.ts";
import { expectedAirportHours, expectedAlerts, expectedArchive } from "../../../pipelines/expected.ts";
import { type Flight, flightTimeMs } from "../../../pipelines/flight.ts";
import { expectSame } from "../../test/expect-same.ts";
import { partitionOf } from "../flights.ts";
import type { Stored } from "./stored.ts";

/** Everything the demo stores, against loops over the array of flights: to the bit, nothing missing, nothing twice. */
export function expectExact(stored: Stored, flights: readonly Flight[]): void {
  expect(stored.deadLetters).toEqual([]);
  expectFlights(stored, flights);
  expectAlerts(stored, flights);
  expectSame(stored.hours, expectedAirportHours(flights));
  const expected = expectedArchive(flights);
  expect([...stored.archive.keys()].toSorted()).toEqual([...expected.keys()].toSorted());
  for (const [day, lines] of stored.archive) {
    expectSame(lines, (expected.get(day) ?? []).map((flight) => JSON.stringify(flight)).toSorted());
  }
}

/** Offsets are dense and a partition has its flights in the order of the file. */
function expectFlights({ flights: partitions }: Stored, flights: readonly Flight[]): void {
  for (const [partition, records] of partitions.entries()) {
    const sent = flights.filter((flight) => partitionOf(flight, partitions.length) === partition);
    const expected = sent.map((value, offset) => ({
      offset,
      key: value.origin,
      timestampMs: flightTimeMs(value),
      value,
    }));
    expectSame(records, expected);
  }
}

/** In order for each airport; airports of different partitions may come in any order. */
function expectAlerts({ alerts }: Stored, flights: readonly Flight[]): void {
  const byAirport = (list: readonly DelayAlert[]) =>
    list.toSorted((a, b) => (a.airport < b.airport ? -1 : Number(a.airport > b.airport)));
  expectSame(byAirport(alerts.map(({ value }) => value)), byAirport(expectedAlerts(flights)));
  expectSame(
    alerts.map(({ key, timestampMs }) => ({ key, timestampMs })),
    alerts.map(({ value: { airport, flight } }) => ({ key: airport, timestampMs: flightTimeMs(flight) })),
  );
}
