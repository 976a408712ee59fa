// One pipeline for each policy, for tests of the engine in workerd: numbers counted by key and passed on, if hooks let them.
import type { ErrorPolicy } from "../../schema/plan.ts";
import { every, fail, parkKey, type Pipeline, pipeline, retry } from "../../sdk/streams/index.ts";
import { hooks } from "./hooks.ts";

function passingOn(name: string, policy: ErrorPolicy): Pipeline {
  return pipeline(name, ({ stream }) => {
    const numbers = stream<{ readonly n: number }>(`${name}-in`);
    numbers.groupByKey().count({ store: "counts" });
    numbers.peek((value) => hooks.onValue(value)).to(`${name}-out`);
  }).onError(policy);
}

export const errorPipelines: readonly Pipeline[] = [
  passingOn("failing", fail()),
  passingOn("failing-batches", fail()).trigger(every("100 ms")),
  passingOn("retrying", retry(3, { backoff: "20 ms" })),
  passingOn("retrying-batches", retry(3, { backoff: "20 ms" })).trigger(every("100 ms")),
  passingOn("parking", parkKey()),
];
