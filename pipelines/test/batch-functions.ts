// A pipeline whose batches an async function takes, for a test of the engine in workerd.
import { every, type Pipeline, pipeline } from "../../sdk/streams/index.ts";
import { hooks } from "./hooks.ts";

export interface Called {
  readonly batchId: number;
  readonly numbers: readonly number[];
}

/** What a test lets the function do. */
export const calls: { onBatch: (called: Called) => Promise<void> } = { onBatch: () => Promise.resolve() };

export const batchFunctionPipelines: readonly Pipeline[] = [
  pipeline("called", ({ stream }) => {
    const numbers = stream<{ readonly n: number }>("called-in");
    numbers.groupByKey().count({ store: "counts" });
    numbers
      .peek((value) => hooks.onValue(value))
      .forEachBatch(
        (records, { batchId }) => calls.onBatch({ batchId, numbers: records.map(({ value }) => value.n) }),
        {
          timeout: "500 ms",
        },
      );
  }).trigger(every("100 ms")),
];
