import type { Pipeline } from "../../sdk/streams/index.ts";
import { TopologyTestDriver } from "../topology-test-driver.ts";
import type { ReadRecord, TestRecord } from "../test-record.ts";

/** A record and the topic it goes to. */
export interface Piped extends TestRecord {
  readonly topic: string;
}

export interface Sliced {
  /** Records of a slice; the rest is one slice. */
  readonly size?: number | undefined;
  /** After every slice all memory is lost. */
  readonly crash?: boolean | undefined;
  readonly partitions?: number | undefined;
}

/**
 * Runs records through a pipeline, those of one topic that stand together in slices of a size; an `every` pipeline runs a
 * micro-batch for each. A driver goes on with them.
 */
export function runSliced(
  subject: Pipeline | TopologyTestDriver,
  records: readonly Piped[],
  running: Sliced = {},
): TopologyTestDriver {
  const { size = Infinity, crash = false, partitions = 1 } = running;
  const driver = subject instanceof TopologyTestDriver ? subject : new TopologyTestDriver(subject, { partitions });
  for (const slice of slicesOf(records, size)) {
    driver.pipe(slice[0]?.topic ?? "", slice);
    driver.runBatch();
    if (crash) driver.crash();
  }
  return driver;
}

function slicesOf(records: readonly Piped[], size: number): Piped[][] {
  const slices: Piped[][] = [];
  for (const record of records) {
    const last = slices.at(-1);
    if (last !== undefined && last.length < size && last[0]?.topic === record.topic) last.push(record);
    else slices.push([record]);
  }
  return slices;
}

/** Key, value and time of what came to a topic. */
export function rowsOf(
  records: readonly ReadRecord[],
): readonly (readonly [key: unknown, value: unknown, ms: number])[] {
  return records.map(({ key, value, timestampMs }) => [key, value, timestampMs]);
}

export const SLICINGS: readonly Sliced[] = [{}, { size: 1, crash: true }, { size: 3, crash: true }, { size: 2 }];
