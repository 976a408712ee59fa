import { decompress } from "../../../durable-objects/gzip.ts";
import { decodeRecords } from "../../../schema/record-batch/decode.ts";
import { inspectAll } from "../inspect.ts";
import type { LoggedBatch, Skip } from "../ledger.ts";
import type { Call } from "../workload/calls.ts";
import { type Built, mendable } from "../workload/family.ts";
import type { Reading } from "../workload/plan.ts";
import type { World } from "../world.ts";
import { textOf } from "./sent.ts";

/**
 * An async function gets every record in one batch: whoever takes each `batchId` once has each record once, because a batch
 * that comes again has the same records (SIM-10). Those that fail on the way to it never come, or when they are redriven.
 */
export function checkCalls(world: World, { pipeline, calls, redriven }: Built): string[] {
  if (pipeline.plan.nodes.every(({ kind }) => kind !== "forEachBatch")) return [];
  const places = Map.groupBy(calls.made, ({ place }) => place);
  return inspectAll(world).flatMap(({ row, tasks, name, ledger }) => {
    const task = tasks.find((each) => each.pipeline === pipeline.plan.name);
    if (task === undefined) return [];
    const made = places.get(`${row.topic}/${row.partition}`) ?? [];
    const skips = ledger.skips(task.id);
    const records = recordsOf(ledger.log()).filter(
      ({ offset }) => offset >= task.startOffset && offset < task.position && isThere(offset, skips),
    );
    const offsetsOf = (some: typeof records): number[] => some.map(({ offset }) => offset);
    const atOnce = offsetsOf(records.filter(({ reading }) => reading?.bad !== true));
    const late = redriven ? offsetsOf(records.filter(({ reading }) => reading?.bad === true && mendable(reading))) : [];
    // What was trimmed behind a function that had it already, it has had.
    const seen = made.map((call) => ({ ...call, offsets: call.offsets.filter((offset) => isThere(offset, skips)) }));
    return failuresOf(seen, { atOnce, late }).map((failure) => `${name}: ${failure}`);
  });
}

function isThere(offset: number, skips: readonly Skip[]): boolean {
  return !skips.some(({ first, next }) => offset >= first && offset < next);
}

function recordsOf(log: readonly LoggedBatch[]): { readonly offset: number; readonly reading: Reading | null }[] {
  return log
    .flatMap(({ body }) => decodeRecords(body, decompress))
    .map(({ offset, value }) => ({ offset, reading: JSON.parse(textOf(value) ?? "null") as Reading | null }));
}

function failuresOf(
  calls: readonly Call[],
  { atOnce, late }: { readonly atOnce: readonly number[]; readonly late: readonly number[] },
): string[] {
  const failures: string[] = [];
  const batches = new Map<number, readonly number[]>();
  for (const { batchId, offsets } of calls) {
    const before = batches.get(batchId) ?? offsets;
    if (before.join() !== offsets.join())
      failures.push(`batch ${batchId} had offsets ${before.join()}, then ${offsets.join()}`);
    batches.set(batchId, before);
  }
  const taken = [...batches].toSorted(([a], [b]) => a - b).flatMap(([, offsets]) => offsets);
  const first = taken.filter((offset) => !late.includes(offset));
  if (first.join() !== atOnce.join())
    failures.push(`the batches had offsets ${first.join()}, they should have ${atOnce.join()}`);
  const again = taken.filter((offset) => late.includes(offset)).toSorted((a, b) => a - b);
  if (again.join() !== late.join())
    failures.push(`the batches of dead letters had offsets ${again.join()}, they should have ${late.join()}`);
  return failures;
}
