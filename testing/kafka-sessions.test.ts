import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type EmitStrategy, every, onClose, onUpdate, pipeline, type Pipeline, session } from "../sdk/streams/index.ts";
import { driven, type Given, shown } from "./test/windowed-run.ts";

interface Case {
  readonly test: string;
  readonly operation: "reduce" | "count";
  readonly gap: number;
  readonly records: readonly Given[];
  readonly onUpdate?: readonly string[];
  readonly onClose?: readonly string[];
  /** What Kafka's cache lets through at its flush: the last of every window. */
  readonly cached?: readonly string[];
}

const file = new URL("test/kafka-sessions.json", import.meta.url);
const { cases } = JSON.parse(readFileSync(file, "utf8")) as { readonly cases: readonly Case[] };

function pipelineOf({ operation, gap }: Case, strategy: EmitStrategy): Pipeline {
  return pipeline("kafka", ({ stream }) => {
    const sessions = stream<string>("in")
      .groupByKey()
      .windowedBy(session({ gap, grace: 0 }))
      .emit(strategy);
    (operation === "count" ? sessions.count() : sessions.reduce((text, value) => `${text}+${value}`)).to("out");
  });
}

const SLICES = [100, 3, 1];

function having(expectation: keyof Case): (readonly [string, Case])[] {
  return cases.filter((each) => each[expectation] !== undefined).map((each) => [each.test, each]);
}

test.each(having("onUpdate"))("%s gives Kafka's updates [WIN-12, WIN-13]", (_name, subject) => {
  for (const slice of SLICES) {
    const driver = driven(pipelineOf(subject, onUpdate()), subject.records, { slice, crash: true });
    expect(shown(driver)).toEqual(subject.onUpdate);
  }
});

test.each(having("onClose"))("%s gives Kafka's sessions as they close [WIN-14]", (_name, subject) => {
  for (const slice of SLICES) {
    const driver = driven(pipelineOf(subject, onClose()), subject.records, { slice, crash: true });
    expect(shown(driver)).toEqual(subject.onClose);
  }
});

test.each(having("cached"))(
  "%s gives in one micro-batch what Kafka's cache lets through [WIN-13]",
  (_name, subject) => {
    expect(shown(driven(pipelineOf(subject, onUpdate()).trigger(every("1 second")), subject.records))).toEqual(
      subject.cached,
    );
  },
);
