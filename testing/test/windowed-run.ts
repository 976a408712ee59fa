import type { Pipeline } from "../../sdk/streams/index.ts";
import type { ReadRecord, TestRecord } from "../test-record.ts";
import { TopologyTestDriver } from "../topology-test-driver.ts";

export type Given = readonly [key: string | null, value: unknown, timestampMs: number];

export interface Running {
  /** Records in a slice; all of them unless given. */
  readonly slice?: number | undefined;
  /** The task is lost after every slice. */
  readonly crash?: boolean | undefined;
  readonly partitions?: number | undefined;
}

/** A driver that was given records of topic `in`, slice by slice. */
export function driven(subject: Pipeline, given: readonly Given[], running: Running = {}): TopologyTestDriver {
  const driver = new TopologyTestDriver(subject, { partitions: running.partitions, nowMs: 0 });
  const records = given.map(([key, value, timestampMs]): TestRecord => ({ key, value, timestampMs }));
  const size = running.slice ?? Math.max(1, records.length);
  for (let from = 0; from < records.length; from += size) {
    driver.pipe("in", records.slice(from, from + size));
    if (subject.plan.trigger.kind === "every") driver.runBatch();
    if (running.crash === true) driver.crash();
  }
  return driver;
}

/** What came to topic `out`: `a@0-10 3 (7)`. */
export function shown(driver: TopologyTestDriver, topic = "out"): string[] {
  return driver.read(topic).map(show);
}

export function show({ key, value, timestampMs }: Omit<ReadRecord, "headers">): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  if (key === null || typeof key === "string") return `${key} ${text} (${timestampMs})`;
  return `${key.key}@${key.start}-${key.end} ${text} (${timestampMs})`;
}
