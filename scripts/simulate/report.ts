import type { RunOutcome } from "./run.ts";
import type { RunPlan } from "./workload/plan.ts";

/** A plan as a person reads it. */
export function describePlan({ topics, pipelines, producers, changes, only, prompt }: RunPlan): string {
  return [
    ...topics.map(({ name, partitions }) => `topic ${name}, ${partitions} partitions`),
    ...pipelines.map(
      ({ name, kind, sources, trigger, lateness, outputPartitions }) =>
        `pipeline ${name}: ${kind} of ${sources.join(", ")}, ${trigger}, lateness ${lateness}, writes ${outputPartitions} partitions`,
    ),
    ...(changes ?? []).map(({ kind, pipeline, afterMs }) => `${kind} of ${pipeline}, ${afterMs} ms after it runs`),
    ...producers.flatMap(({ id, topic, batches }) => [
      `producer ${id} to ${topic}:`,
      ...batches.map(({ pauseMs, records }) => {
        const shown = records.map(({ key, value, atMs }) => `${key} at ${atMs} ms ${JSON.stringify(value)}`);
        return `  after ${pauseMs} ms: ${shown.join("; ")}`;
      }),
    ]),
    ...(only ?? []).map((fault) => `fault: ${fault}`),
    ...(prompt === true ? ["messages take no time"] : []),
  ].join("\n");
}

/** A failing run: what it was made of, its steps, and what does not hold. */
export function describeFailure(plan: RunPlan, { trace, failures }: RunOutcome): string {
  return [describePlan(plan), "", ...trace, "", ...failures].join("\n");
}
