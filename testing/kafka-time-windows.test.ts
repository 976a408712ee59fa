import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { hopping, onClose, onUpdate, pipeline, type Pipeline } from "../sdk/streams/index.ts";
import { TopologyTestDriver } from "./topology-test-driver.ts";

interface Case {
  readonly test: string;
  readonly operation: "reduce" | "aggregate";
  /** Each change unless given. */
  readonly emit?: "onClose";
  readonly windows: { readonly size: number; readonly advance: number; readonly grace: number };
  readonly records: readonly (readonly [key: string, value: string, timestampMs: number])[];
  readonly updates: readonly (readonly [key: string, start: number, end: number, value: string, timestampMs: number])[];
}

const file = new URL("test/kafka-time-windows.json", import.meta.url);
const { cases } = JSON.parse(readFileSync(file, "utf8")) as { readonly cases: readonly Case[] };

function pipelineOf({ operation, windows, emit }: Case): Pipeline {
  const join = (text: string, value: string): string => `${text}+${value}`;
  return pipeline("kafka", ({ stream }) => {
    const windowed = stream<string>("in")
      .groupByKey()
      .windowedBy(hopping(windows))
      .emit(emit === undefined ? onUpdate() : onClose());
    (operation === "reduce" ? windowed.reduce(join) : windowed.aggregate(() => "0", join)).to("out");
  });
}

/** Feeds the records in slices of a size, with a crash after each. */
function updatesOf(subject: Case, size: number): Case["updates"] {
  const driver = new TopologyTestDriver(pipelineOf(subject));
  const records = subject.records.map(([key, value, timestampMs]) => ({ key, value, timestampMs }));
  for (let from = 0; from < records.length; from += size) {
    driver.pipe("in", records.slice(from, from + size));
    driver.crash();
  }
  return driver.read<string>("out").map(({ key, value, timestampMs }) => {
    if (key === null || typeof key === "string") throw new Error("the key is not windowed");
    return [key.key, key.start, key.end, value, timestampMs];
  });
}

const named = cases.map((each) => [`${each.test}${each.emit === undefined ? "" : ", on close,"}`, each] as const);

test.each(named)("%s gives Kafka's updates [DSL-9, WIN-10]", (_name, subject) => {
  for (const size of [subject.records.length, 4, 1]) expect(updatesOf(subject, size)).toEqual(subject.updates);
});
