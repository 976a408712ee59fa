import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { describePlan } from "../durable-objects/core/plan/describe.ts";
import type { TestRecord } from "../testing/test-record.ts";
import { TopologyTestDriver } from "../testing/topology-test-driver.ts";
import { airportHours } from "./airport-hours.ts";
import { type DelayAlert, delayAlerts } from "./delay-alerts.ts";
import { expectedAirportHours, expectedAlerts, expectedArchive } from "./expected.ts";
import { type Flight, FLIGHTS_TOPIC, flightTimeMs } from "./flight.ts";
import { pipelines } from "./index.ts";

const file = new URL("../node_modules/vega-datasets/data/flights-20k.json", import.meta.url);
const flights = JSON.parse(readFileSync(file, "utf8")) as readonly Flight[];

function recordOf(flight: Flight): TestRecord {
  return { key: flight.origin, value: flight, timestampMs: flightTimeMs(flight) };
}

/** Calls `take` with the records in groups of growing size, so that batches begin and end anywhere. */
function inGroups(take: (records: readonly TestRecord[]) => void): void {
  const records = flights.map(recordOf);
  for (let from = 0, size = 1; from < records.length; from += size, size = (size % 977) + 41) {
    take(records.slice(from, from + size));
  }
}

/** For comparing where order is no promise. Equal texts are equal numbers to the bit. */
function sortedTexts(values: readonly unknown[] = []): readonly string[] {
  return values.map((value) => JSON.stringify(value)).toSorted();
}

test("a flight's time is its date as UTC [DEM-1]", () => {
  const [first] = flights;
  expect(first?.date).toBe("2001/01/01 00:47");
  expect(first && flightTimeMs(first)).toBe(Date.UTC(2001, 0, 1, 0, 47));
});

describe.each([1, 4])("with %i partitions", (partitions) => {
  test("alerts are those of plain array code, to the bit [DEM-2]", () => {
    const driver = new TopologyTestDriver(delayAlerts, { partitions });
    inGroups((records) => {
      driver.pipe(FLIGHTS_TOPIC, records);
      driver.crash();
    });
    const alerts = driver.read<DelayAlert>("delay-alerts");
    const expected = expectedAlerts(flights);
    expect(expected.length).toBeGreaterThan(100);
    expect(sortedTexts(alerts.map(({ value }) => value))).toEqual(sortedTexts(expected));
    expect(alerts.every(({ key, value }) => key === value.airport)).toBe(true);
    expect(alerts.every(({ timestampMs, value }) => timestampMs === flightTimeMs(value.flight))).toBe(true);
    expect(driver.counters).toMatchObject({ recordsIn: 20_000, deadLetters: 0, droppedRecords: 0 });
  });

  test("airport_hours and the archive are those of plain array code, to the bit [DEM-3, DEM-4]", () => {
    const driver = new TopologyTestDriver(airportHours, { partitions });
    inGroups((records) => {
      driver.pipe(FLIGHTS_TOPIC, records);
      driver.advance("700 ms");
    });
    driver.advance("2 seconds");
    expect(driver.rows("airport_hours")).toEqual(expectedAirportHours(flights));

    const expected = expectedArchive(flights);
    const files = driver.files<Flight>("flights");
    expect([...files.keys()].toSorted()).toEqual([...expected.keys()].toSorted());
    for (const [day, ofDay] of expected) expect(sortedTexts(files.get(day))).toEqual(sortedTexts(ofDay));
    expect(driver.counters).toMatchObject({ recordsIn: 20_000, lateRecords: 0, deadLetters: 0 });
  });
});

test("one partition keeps the file's order of alerts and archive [DEM-2, DEM-4]", () => {
  const driver = new TopologyTestDriver(delayAlerts);
  driver.pipe(FLIGHTS_TOPIC, flights.map(recordOf));
  expect(driver.read("delay-alerts").map(({ value }) => value)).toEqual(expectedAlerts(flights));
  const archive = new TopologyTestDriver(airportHours);
  archive.pipe(FLIGHTS_TOPIC, flights.map(recordOf));
  archive.runBatch();
  expect([...archive.files("flights")]).toEqual([...expectedArchive(flights)]);
});

test("no alert before an airport has 30 flights, and a flight is not held against itself [DEM-2]", () => {
  const driver = new TopologyTestDriver(delayAlerts);
  const flight = (delay: number): TestRecord =>
    recordOf({ date: "2001/01/10 18:20", delay, distance: 1, origin: "ATL", destination: "BOS" });
  driver.pipe(
    FLIGHTS_TOPIC,
    Array.from({ length: 29 }, (_, index) => flight(index % 2)),
  );
  driver.pipe(FLIGHTS_TOPIC, flight(1));
  expect(driver.read("delay-alerts")).toEqual([]);
  driver.pipe(FLIGHTS_TOPIC, flight(2_000));
  expect(driver.read("delay-alerts")).toMatchObject([{ key: "ATL", value: { airport: "ATL", mean: 0.5 } }]);
  expect(driver.store("airport-stats").get("ATL")).toMatchObject({ flights: 31 });
});

test("every listed pipeline is one the engine takes [DEM-5]", () => {
  for (const pipeline of pipelines) expect(() => new TopologyTestDriver(pipeline)).not.toThrow();
  expect(pipelines.map(({ plan }) => describePlan(plan).text)).toMatchInlineSnapshot(`
    [
      "Pipeline: delay-alerts (version 1, perEvent())
      source-1 (topic flights)
      aggregate-1 (store airport-stats) <- source-1
      mapValues-1 <- aggregate-1
      filter-1 <- mapValues-1
      sink-1 (topic delay-alerts) <- filter-1",
      "Pipeline: airport-hours (version 1, every("2 seconds"))
      source-1 (topic flights)
      aggregate-1 (store airport-hours, tumbling 1 hour, grace 1 hour) <- source-1
      mapValues-1 <- aggregate-1
      sink-1 (D1 table airport_hours by airport, window_start) <- mapValues-1
      sink-2 (R2 files flights/) <- source-1",
    ]
  `);
});
