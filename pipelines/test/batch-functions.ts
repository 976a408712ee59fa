// Pipelines whose batches an async function takes, for tests of the engine in workerd.
import { every, type Pipeline, pipeline } from "../../sdk/streams/index.ts";
import { hooks } from "./hooks.ts";

export interface Called {
  readonly batchId: number;
  readonly numbers: readonly number[];
}

/** What a test lets the function do. */
export const calls: { onBatch: (called: Called) => Promise<void> } = { onBatch: () => Promise.resolve() };

function handingOn(name: string): Pipeline {
  return pipeline(name, ({ stream }) => {
    const numbers = stream<{ readonly n: number }>(`${name}-in`);
    numbers.groupByKey().count({ store: "counts" });
    numbers
      .peek((value) => hooks.onValue(value))
      .forEachBatch(
        (records, { batchId }) => calls.onBatch({ batchId, numbers: records.map(({ value }) => value.n) }),
        {
          timeout: "500 ms",
        },
      );
  }).trigger(every("100 ms"));
}

export const batchFunctionPipelines: readonly Pipeline[] = ["called", "redriven-called", "redriven-called-again"].map(
  handingOn,
);
