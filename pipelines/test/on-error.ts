// One pipeline for each policy, for tests of the engine in workerd: numbers counted by key and passed on, if hooks let them.
import type { ErrorPolicy } from "../../schema/plan.ts";
import { d1, deadLetter, every, fail, parkKey, type Pipeline, pipeline, retry } from "../../sdk/streams/index.ts";
import { hooks } from "./hooks.ts";

function passingOn(name: string, policy: ErrorPolicy): Pipeline {
  return pipeline(name, ({ stream }) => {
    const numbers = stream<{ readonly n: number }>(`${name}-in`);
    numbers.groupByKey().count({ store: "counts" });
    numbers.peek((value) => hooks.onValue(value)).to(`${name}-out`);
  }).onError(policy);
}

/** Rows that a test's own D1 table may refuse. */
const refused = pipeline("refused", ({ stream }) =>
  stream<{ readonly id: string }>("refused-in").to(d1("refused", { columns: { id: "TEXT" }, primaryKey: ["id"] })),
);

export const errorPipelines: readonly Pipeline[] = [
  passingOn("failing", fail()),
  passingOn("failing-batches", fail()).trigger(every("100 ms")),
  passingOn("retrying", retry(3, { backoff: "20 ms" })),
  passingOn("retrying-batches", retry(3, { backoff: "20 ms" })).trigger(every("100 ms")),
  passingOn("parking", parkKey()),
  passingOn("redriven", deadLetter()),
  passingOn("redriven-batches", deadLetter()).trigger(every("100 ms")),
  passingOn("redriven-again", deadLetter()),
  passingOn("redriven-large", deadLetter()),
  passingOn("redriven-trimmed", deadLetter()),
  passingOn("unparked", parkKey()),
  passingOn("unparked-large", parkKey()),
  refused,
];
