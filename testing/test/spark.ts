// Cases of Spark's own tests, as facts: what each batch, with the empty batch after it, gives.
import { expect } from "vitest";
import { every, pipeline, type PipelineBuilder } from "../../sdk/streams/index.ts";
import type { TestRecord } from "../test-record.ts";
import { TopologyTestDriver } from "../topology-test-driver.ts";

export const SECOND = 1_000;

interface Step {
  /** Values of the one topic, or by topic. */
  readonly in?: readonly unknown[] | { readonly [topic: string]: readonly unknown[] };
  readonly out?: readonly unknown[] | { readonly wm_s: number };
  readonly restart?: unknown;
  readonly dropped?: unknown;
}

interface Case {
  readonly id: string;
  readonly steps: readonly Step[];
}

export interface Subject {
  readonly define: (builder: PipelineBuilder) => unknown;
  /** Of one of the values added before a batch. */
  readonly record: (value: never) => TestRecord;
  /** A record that came out, as the case writes it. */
  readonly row: (record: { readonly key: never; readonly value: never }) => unknown;
  /** Late records are counted as Spark counts them: by rows. */
  readonly countsLate?: boolean;
}

/** The cases of spark.json. */
export class SparkCases {
  readonly #cases: readonly Case[];

  constructor(text: string) {
    this.#cases = (JSON.parse(text) as { readonly vectors: readonly Case[] }).vectors;
  }

  get ids(): readonly string[] {
    return this.#cases.map(({ id }) => id);
  }

  /** Runs a case through the pipeline. What the tasks remember is lost before every step. */
  expect(id: string, subject: Subject): void {
    const found = this.#cases.find((each) => each.id === id);
    if (found === undefined) throw new Error(`no case ${id}`);
    const driver = new TopologyTestDriver(pipeline("spark", subject.define).trigger(every("1 second")));
    for (const step of found.steps) expectStep(driver, step, subject);
    expect(driver.deadLetters).toEqual([]);
  }
}

function expectStep(driver: TopologyTestDriver, step: Step, { record, row, countsLate = false }: Subject): void {
  driver.crash();
  if (step.in === undefined) return;
  const late = driver.counters.lateRecords;
  const inputs = Array.isArray(step.in) ? { in: step.in as readonly unknown[] } : step.in;
  for (const [topic, values] of Object.entries(inputs))
    driver.pipe(
      topic,
      (values as readonly never[]).map((value) => record(value)),
    );
  driver.runBatch();
  if (step.out !== undefined && "wm_s" in step.out) expect(driver.watermarkMs).toBe(step.out.wm_s * SECOND);
  else expect(lines(driver.read("out").map((each) => row(each as never)))).toEqual(lines(step.out ?? []));
  if (countsLate) expect(driver.counters.lateRecords - late).toBe(step.dropped ?? 0);
}

/** In whatever order: rows of a batch have none. */
function lines(rows: readonly unknown[]): string[] {
  return rows.map((each) => JSON.stringify(each)).toSorted();
}
