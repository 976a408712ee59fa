import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type EmitStrategy, onClose, onUpdate, pipeline, type Pipeline, sliding } from "../sdk/streams/index.ts";
import { driven, type Given, shown } from "./test/windowed-run.ts";

interface Case {
  readonly test: string;
  readonly operation: "reduce" | "aggregate" | "count";
  readonly difference: number;
  readonly grace: number;
  readonly records: readonly Given[];
  /** By key and start; of one window in the order sent. */
  readonly onUpdate?: readonly string[];
  readonly onClose?: readonly string[];
}

const file = new URL("test/kafka-sliding-windows.json", import.meta.url);
const { cases } = JSON.parse(readFileSync(file, "utf8")) as { readonly cases: readonly Case[] };

function pipelineOf({ operation, difference, grace }: Case, strategy: EmitStrategy): Pipeline {
  const join = (text: string, value: string): string => `${text}+${value}`;
  return pipeline("kafka", ({ stream }) => {
    const windows = stream<string>("in").groupByKey().windowedBy(sliding({ difference, grace })).emit(strategy);
    if (operation === "count") windows.count().to("out");
    else if (operation === "reduce") windows.reduce(join).to("out");
    else windows.aggregate(() => "0", join).to("out");
  });
}

function placeOf(line: string): readonly [key: string, start: number] {
  const [, key = "", start = ""] = /^(.*)@(-?\d+)-/.exec(line) ?? [];
  return [key, Number(start)];
}

function byWindow(lines: readonly string[]): string[] {
  return lines.toSorted((a, b) => {
    const [left, leftStart] = placeOf(a);
    const [right, rightStart] = placeOf(b);
    return left === right ? leftStart - rightStart : left < right ? -1 : 1;
  });
}

const SLICES = [100, 3, 1];
const updates = cases.filter((each) => each.onUpdate !== undefined).map((each) => [each.test, each] as const);
const finals = cases.filter((each) => each.onClose !== undefined).map((each) => [each.test, each] as const);

test.each(updates)("%s gives Kafka's updates [WIN-16, WIN-17]", (_name, subject) => {
  for (const slice of SLICES) {
    const driver = driven(pipelineOf(subject, onUpdate()), subject.records, { slice, crash: true });
    expect(byWindow(shown(driver))).toEqual(byWindow(subject.onUpdate ?? []));
  }
});

test.each(finals)("%s gives Kafka's windows as they close [WIN-18]", (_name, subject) => {
  for (const slice of SLICES) {
    const driver = driven(pipelineOf(subject, onClose()), subject.records, { slice, crash: true });
    expect(byWindow(shown(driver))).toEqual(byWindow(subject.onClose ?? []));
  }
});
