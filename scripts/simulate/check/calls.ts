import { inspectAll } from "../inspect.ts";
import type { Call } from "../workload/calls.ts";
import type { Skip } from "../ledger.ts";
import type { Built } from "../workload/family.ts";
import type { World } from "../world.ts";

/**
 * An async function gets every record in one batch: whoever takes each `batchId` once has each record once, because a batch
 * that comes again has the same records (SIM-10).
 */
export function checkCalls(world: World, { pipeline, calls }: Built): string[] {
  if (pipeline.plan.nodes.every(({ kind }) => kind !== "forEachBatch")) return [];
  const places = Map.groupBy(calls.made, ({ place }) => place);
  return inspectAll(world).flatMap(({ row, tasks, name, ledger }) => {
    const task = tasks.find((each) => each.pipeline === pipeline.plan.name);
    if (task === undefined) return [];
    const made = places.get(`${row.topic}/${row.partition}`) ?? [];
    const span = { from: task.startOffset, to: task.position, skips: ledger.skips(task.id) };
    return failuresOf(made, span).map((failure) => `${name}: ${failure}`);
  });
}

function failuresOf(
  calls: readonly Call[],
  { from, to, skips }: { from: number; to: number; skips: readonly Skip[] },
): string[] {
  // What was trimmed behind a function that had it already, it has had.
  const there = (offset: number): boolean => !skips.some(({ first, next }) => offset >= first && offset < next);
  const failures: string[] = [];
  const batches = new Map<number, readonly number[]>();
  for (const { batchId, offsets } of calls) {
    const before = batches.get(batchId) ?? offsets;
    if (before.join() !== offsets.join())
      failures.push(`batch ${batchId} had offsets ${before.join()}, then ${offsets.join()}`);
    batches.set(batchId, before);
  }
  const taken = [...batches].toSorted(([a], [b]) => a - b).flatMap(([, offsets]) => offsets.filter(there));
  const wanted = Array.from({ length: to - from }, (_, index) => from + index).filter(there);
  if (taken.join() !== wanted.join())
    failures.push(`the batches had offsets ${taken.join()}, not ${from} to ${to - 1}`);
  return failures;
}
