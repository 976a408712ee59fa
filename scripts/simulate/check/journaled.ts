import { recordOfText } from "../../../durable-objects/core/task/parked-record.ts";
import type { Redriven, SliceOptions } from "../../../durable-objects/core/task/task-port.ts";
import type { JournaledRedrive } from "../../../durable-objects/sqlite/task-table.ts";
import type { Boundary, SentRow } from "../ledger.ts";

/** Dead letters that came again together. */
export interface JournaledRedrives {
  readonly items: readonly Redriven[];
  readonly options: SliceOptions;
}

/**
 * What the row at `at` of a journal begins: those of one micro-batch stand one after another and are one. Nothing for a row
 * inside, nor for one that went back to its target.
 */
export function redrivesAt(journal: readonly Boundary[], at: number): JournaledRedrives | undefined {
  const first = redrivenOf(journal[at]);
  if (first === undefined || together(redrivenOf(journal[at - 1]), first)) return undefined;
  const items: Redriven[] = [];
  for (let next = at; ; next++) {
    const redriven = redrivenOf(journal[next]);
    if (redriven === undefined || (next > at && !together(first, redriven))) break;
    items.push(itemOf(redriven));
  }
  const { batchId, batched, nowMs, terminated } = first;
  return { items, options: { nowMs, wallClockMs: nowMs, microBatch: batched ? { batchId } : undefined, terminated } };
}

type Run = Exclude<JournaledRedrive, { kind: "refused" }>;

function redrivenOf(row: Boundary | undefined): Run | undefined {
  if (row?.kind !== "redrive") return undefined;
  const redriven = JSON.parse(row.payload) as JournaledRedrive;
  return redriven.kind === "refused" ? undefined : redriven;
}

function together(one: Run | undefined, other: Run): boolean {
  return one !== undefined && one.batched && other.batched && one.batchId === other.batchId;
}

function itemOf(redriven: Run): Redriven {
  if (redriven.kind === "parked") return { kind: "parked", key: redriven.key, records: redriven.records };
  return { kind: "record", record: recordOfText(redriven.record) };
}

/** Rows that went to a target again after it had refused them are no results of the task. */
export function sentAgainLeftOut(rows: readonly SentRow[], journal: readonly Boundary[]): SentRow[] {
  const again = new Set(
    journal.flatMap(({ kind, payload }) => {
      const redriven = kind === "redrive" ? (JSON.parse(payload) as JournaledRedrive) : undefined;
      return redriven?.kind === "refused" ? [`${redriven.target} ${redriven.sequence}`] : [];
    }),
  );
  return rows.filter(({ target, sequence }) => !again.has(`${target} ${sequence}`));
}
