import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Flight, flightTimeMs } from "../../pipelines/flight.ts";
import { partitionForKey } from "../../schema/murmur2.ts";

/** 20,000 flights of early 2001, in order of time. */
export function readFlights(): readonly Flight[] {
  // The package's entry imports none of its data: the file is beside it.
  const file = new URL("../data/flights-20k.json", import.meta.resolve("vega-datasets"));
  return JSON.parse(readFileSync(fileURLToPath(file), "utf8")) as Flight[];
}

/** As the topic has it: keyed by origin, at the time of the flight. */
export function recordOf(flight: Flight): {
  readonly key: string;
  readonly value: Flight;
  readonly timestampMs: number;
} {
  return { key: flight.origin, value: flight, timestampMs: flightTimeMs(flight) };
}

const encoder = new TextEncoder();

export function partitionOf(flight: Flight, partitions: number): number {
  return partitionForKey(encoder.encode(flight.origin), partitions);
}
