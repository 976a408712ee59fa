// A check that has never caught anything proves nothing.
import { expect, test } from "vitest";
import { expectedAirportHours, expectedAlerts, expectedArchive } from "../../../pipelines/expected.ts";
import { flightTimeMs } from "../../../pipelines/flight.ts";
import { partitionOf, readFlights } from "../flights.ts";
import { expectExact } from "./expect-exact.ts";
import type { Stored } from "./stored.ts";

/** Enough for some alerts. */
const flights = readFlights().slice(0, 4_000);

function whole(): Stored {
  const partitions = [0, 1, 2, 3].map((partition) =>
    flights
      .filter((flight) => partitionOf(flight, 4) === partition)
      .map((value, offset) => ({ offset, key: value.origin, timestampMs: flightTimeMs(value), value })),
  );
  const alerts = expectedAlerts(flights).map((value, offset) => {
    return { offset, key: value.airport, timestampMs: flightTimeMs(value.flight), value };
  });
  const lines = [...expectedArchive(flights)].map(
    ([day, ofDay]) => [day, ofDay.map((flight) => JSON.stringify(flight)).toSorted()] as const,
  );
  return {
    flights: partitions,
    alerts,
    deadLetters: [],
    hours: expectedAirportHours(flights),
    archive: new Map(lines),
  };
}

function without<Row>(rows: readonly Row[], index: number): readonly Row[] {
  return rows.toSpliced(index, 1);
}

function twice<Row>(rows: readonly Row[], index: number): readonly Row[] {
  return rows.toSpliced(index, 0, rows[index] as Row);
}

function changed<Row extends object>(rows: readonly Row[], index: number, change: Partial<Row>): readonly Row[] {
  return rows.with(index, { ...(rows[index] as Row), ...change });
}

test("what is exact passes", () => {
  expectExact(whole(), flights);
});

const { flights: partitions, alerts, hours, archive } = whole();
const [first = []] = partitions;
const [day = "", lines = []] = [...archive][0] ?? [];

const faults: Record<string, Partial<Stored>> = {
  "a flight is lost": { flights: partitions.with(0, without(first, 7)) },
  "the last flight is lost": { flights: partitions.with(0, first.slice(0, -1)) },
  "a flight is stored twice": { flights: partitions.with(0, twice(first, 7)) },
  "an offset is missing": { flights: partitions.with(0, changed(first, 7, { offset: 8 })) },
  "two flights change places": {
    flights: partitions.with(0, changed(changed(first, 7, { value: first[8]!.value }), 8, { value: first[7]!.value })),
  },
  "an alert is lost": { alerts: without(alerts, 3) },
  "an alert comes twice": { alerts: twice(alerts, 3) },
  "an alert's last bit differs": {
    alerts: changed(alerts, 3, { value: { ...alerts[3]!.value, mean: alerts[3]!.value.mean * (1 + 2 ** -52) } }),
  },
  "a row is lost": { hours: hours.slice(0, -1) },
  "a row's last bit differs": { hours: changed(hours, 9, { mean_delay: hours[9]!.mean_delay * (1 + 2 ** -52) }) },
  "a row counts a flight twice": { hours: changed(hours, 9, { flights: hours[9]!.flights + 1 }) },
  "a flight is a dead letter": { deadLetters: ["delay-alerts: {}"] },
  "a line is lost": { archive: new Map([...archive, [day, without(lines, 2)]]) },
  "a line is written twice": { archive: new Map([...archive, [day, twice(lines, 2)]]) },
  "a day is missing": { archive: new Map([...archive].slice(1)) },
};

test.each(Object.entries(faults))("%s: seen", (_, fault) => {
  expect(() => expectExact({ ...whole(), ...fault }, flights)).toThrow();
});
