import { every, everyRecords, perEvent, pipeline, type Trigger } from "../../../sdk/streams/index.ts";
import { counts, merged, twice, undone } from "./families/aggregates.ts";
import { batches } from "./families/batches.ts";
import { once } from "./families/dedup.ts";
import { pairs, unmatched } from "./families/joins.ts";
import { timers } from "./families/processors.ts";
import { archive, stateless } from "./families/stateless.ts";
import { grouped, latest } from "./families/tables.ts";
import { alarms } from "./families/wall-clock.ts";
import { closed, quiet, windows } from "./families/windows.ts";
import type { Built, Family, Keyed, Parts } from "./family.ts";
import type { PlannedPipeline, PlannedProducer } from "./plan.ts";

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
};

/** What was sent to these topics, tombstones left out. */
function readingsOf(sent: readonly PlannedProducer[], sources: readonly string[]): Keyed[] {
  return sent
    .filter(({ topic }) => sources.includes(topic))
    .flatMap(({ batches }) => batches.flatMap(({ records }) => records))
    .flatMap(({ key, value }) => (key === null || value === null ? [] : [{ key, reading: value }]));
}

export function build(planned: PlannedPipeline): Built {
  const family = families[planned.kind];
  if (family === undefined) throw new Error(`there is no kind of pipeline "${planned.kind}"`);
  const { name, sources, trigger, lateness } = planned;
  const parts: Parts = { name, sources, late: lateness === "some", batched: trigger !== "perEvent" };
  return {
    pipeline: pipeline(name, (builder) => family.define(builder, parts)).trigger(triggerOf(trigger)),
    outputs: family.outputs(parts),
    results: family.results(parts),
    plain: (sent) => {
      const plain = family.plain?.(readingsOf(sent, sources), parts);
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
