import { expect } from "vitest";
import type { NexmarkEvent } from "../queries/event.ts";
import type { Query } from "../queries/query.ts";
import { Reference } from "../reference.ts";
import { canonical } from "../rows.ts";
import { runInDriver } from "./run-in-driver.ts";

/** Of the reference, and of the pipeline, whatever the number of partitions. Rows by their columns. */
export function expectRows(query: Query, events: readonly NexmarkEvent[], rows: readonly object[]): void {
  const { columns, rows: answered } = new Reference(events).answer(query);
  for (const row of rows) expect(Object.keys(row)).toEqual(columns);
  const expected = canonical(rows.map((row) => Object.values(row)));
  expect(answered).toEqual(expected);
  for (const partitions of [1, 4]) {
    expect(runInDriver(query, { events, partitions, columns }).rows).toEqual(expected);
  }
}
