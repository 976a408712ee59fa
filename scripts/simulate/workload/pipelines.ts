import { every, everyRecords, perEvent, pipeline, type Trigger } from "../../../sdk/streams/index.ts";
import { counts, merged, twice, undone } from "./families/aggregates.ts";
import { batches, called, queried } from "./families/batches.ts";
import { rounds } from "./families/circles.ts";
import { once } from "./families/dedup.ts";
import { costed, looked } from "./families/elsewhere.ts";
import { parked, retried } from "./families/errors.ts";
import { broadcast, pairs, references, unmatched } from "./families/joins.ts";
import { patterns } from "./families/patterns.ts";
import { reminders, silences, timers } from "./families/processors.ts";
import { sessions, visits } from "./families/sessions.ts";
import { archive, stateless } from "./families/stateless.ts";
import { heldBack } from "./families/suppression.ts";
import { grouped, latest } from "./families/tables.ts";
import { alarms } from "./families/wall-clock.ts";
import { closed, quiet, windows } from "./families/windows.ts";
import { Calls } from "./calls.ts";
import type { Built, Family, Keyed, Parts, Sent } from "./family.ts";
import type { PlannedPipeline, PlannedProducer, PlannedRecord, Reading } from "./plan.ts";

/** Kinds of pipelines that a run may have. */
export const families: { readonly [kind: string]: Family } = {
  stateless,
  counts,
  windows,
  closed,
  quiet,
  alarms,
  unmatched,
  once,
  timers,
  merged,
  latest,
  grouped,
  archive,
  pairs,
  batches,
  undone,
  twice,
  sessions,
  visits,
  heldBack,
  references,
  broadcast,
  retried,
  parked,
  patterns,
  silences,
  queried,
  called,
  looked,
  costed,
  rounds,
  reminders,
};

function sentTo(producers: readonly PlannedProducer[], sources: readonly string[]): Sent {
  const to = (topic: string): PlannedRecord[] =>
    producers
      .filter((producer) => producer.topic === topic)
      .flatMap(({ batches: sent }) => sent.flatMap(({ records }) => records));
  const readingsOf = (source: number): Keyed[] =>
    to(sources[source] ?? "").flatMap(({ key, value: reading, atMs }) =>
      key === null || reading === null ? [] : [{ key, reading, atMs }],
    );
  return {
    readings: sources.flatMap((_, source) => readingsOf(source)),
    readingsOf,
    rows: (source) => {
      const rows = new Map<string, Reading>();
      for (const { key, value } of to(sources[source] ?? "")) {
        if (key !== null && value === null) rows.delete(key);
        else if (key !== null && value !== null) rows.set(key, value);
      }
      return rows;
    },
  };
}

export function build(planned: PlannedPipeline, redriven: boolean): Built {
  const family = families[planned.kind];
  if (family === undefined) throw new Error(`there is no kind of pipeline "${planned.kind}"`);
  const { name, sources, trigger, lateness } = planned;
  const calls = new Calls();
  const parts: Parts = { name, sources, late: lateness === "some", batched: trigger !== "perEvent", redriven, calls };
  const defined = pipeline(name, (builder) => family.define(builder, parts)).trigger(triggerOf(trigger));
  const built = family.allowCycle === true ? defined.allowCycle() : defined;
  return {
    pipeline: family.onError === undefined ? built : built.onError(family.onError),
    first: family.first === undefined ? undefined : sources[family.first],
    outputs: family.outputs(parts),
    results: family.results(parts),
    again: family.again?.(parts) ?? [],
    redriven,
    calls,
    plain: (producers) => {
      const plain = family.plain?.(sentTo(producers, sources), parts);
      return plain && { ...plain, pipeline: name };
    },
  };
}

function triggerOf(trigger: PlannedPipeline["trigger"]): Trigger {
  switch (trigger) {
    case "perEvent":
      return perEvent();
    case "every":
      return every("1 second");
    case "everyRecords":
      return everyRecords(4, { atMost: "2 seconds" });
  }
}
