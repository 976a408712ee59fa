// One pipeline for each trigger, for tests of the engine in workerd: batches of numbers by key, one record a batch and key.
import type { Trigger } from "../../schema/plan.ts";
import { availableNow, cron, everyRecords, manual, type Pipeline, pipeline } from "../../sdk/streams/index.ts";
import { hooks } from "./hooks.ts";

function batched(name: string, trigger: Trigger): Pipeline {
  return pipeline(name, ({ stream }) => {
    const numbers = stream<{ readonly n: number }>(`${name}-in`);
    numbers
      .peek((value) => hooks.onValue(value))
      .mapBatch((records) => [{ key: "batch", value: records.length }])
      .to(`${name}-batches`);
    // Behind an internal topic as well.
    numbers
      .selectKey(() => "all")
      .groupByKey()
      .aggregate(
        () => 0,
        (total, { n }) => total + n,
        { store: "totals" },
      )
      .to(`${name}-totals`);
  }).trigger(trigger);
}

export const triggerPipelines: readonly Pipeline[] = [
  batched("by-count", everyRecords(3, { atMost: "1 hour" })),
  batched("by-wait", everyRecords(1_000, { atMost: "200 ms" })),
  batched("by-cron", cron("* * * * * *")),
  batched("available", availableNow()),
  batched("asked", manual()),
  pipeline("large-batches", ({ stream }) =>
    stream("large-batches-in")
      .mapBatch((records) => [{ key: "batch", value: records.length }])
      .to("large-batches-out"),
  ).trigger(manual()),
  pipeline("switched", ({ stream }) =>
    stream("switched-in").groupByKey().count({ store: "counts" }).to("switched-out"),
  ).trigger(manual()),
];
