import { TopologyTestDriver } from "../../../../testing/topology-test-driver.ts";
import { encoded } from "../encode.ts";
import type { NexmarkEvent } from "../queries/event.ts";
import type { Query } from "../queries/query.ts";
import { Results } from "../results.ts";
import type { Rows } from "../rows.ts";
import { recordsFor, sourcesOf } from "../topics.ts";

/** Appended at once, as a busy producer would. */
const CHUNK = 200;

const encoder = new TextEncoder();

export interface DriverRun {
  readonly events: readonly NexmarkEvent[];
  readonly partitions: number;
  readonly columns: readonly string[];
}

/** Runs a query's pipeline in memory over all events. */
export function runInDriver(
  query: Query,
  { events, partitions, columns }: DriverRun,
): { readonly rows: Rows; readonly driver: TopologyTestDriver } {
  const { pipeline } = query;
  const driver = new TopologyTestDriver(pipeline, { partitions });
  for (let from = 0; from < events.length; from += CHUNK) {
    const chunk = events.slice(from, from + CHUNK).map(encoded);
    for (const topic of sourcesOf(pipeline)) driver.pipe(topic, [...recordsFor(topic, chunk)].map(testRecord));
    driver.advance("1 second");
  }
  driver.runBatch();
  const results = new Results(query.rows);
  for (const { key, value } of driver.read(pipeline.plan.name)) results.add(JSON.stringify(key), value);
  return { rows: results.rows(columns), driver };
}

function testRecord({ key, text, timestampMs }: { key: string; text: string; timestampMs: number }) {
  return { key, value: encoder.encode(text), timestampMs };
}
