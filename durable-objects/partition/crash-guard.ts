import type { AttachedTask } from "./attached-task.ts";
import { announcement, guardAfter, isGivenUp, kept } from "./guard.ts";
import type { Loaded } from "./loaded.ts";

/** What a wake finds of this row says which slice, and at last which record, ended the object (ENG-4). Answers whether one is due. */
export function guard({ taskTable }: Loaded, task: AttachedTask, end: number): boolean {
  const trying = announcement(task.guard, { position: task.position, end, whole: isWhole(task) });
  if (trying !== undefined) taskTable.setTrying(task.id, trying);
  return trying !== undefined;
}

/** As careful as before: what is waited for ends no object, and what failed did not. */
export function unguard({ taskTable }: Loaded, { id, guard: by, position }: AttachedTask): void {
  if (by.kind !== "none") taskTable.setTrying(id, kept(by, position));
}

/** In the transaction that brings the task to its position; once that is over, `guardAfter` holds. */
export function passed({ taskTable }: Loaded, { id, guard: by, position }: AttachedTask): void {
  if (by.kind !== "none") taskTable.setTrying(id, kept(guardAfter(by, position), position));
}

/** A function outside may have taken the batch: it is never less when it comes again (MIB-7). */
function isWhole({ microBatch }: AttachedTask): boolean {
  return microBatch?.batch.called === true;
}

/** The object has ended too often on what must stay whole, and none of which can be given up alone. */
export function mustStop(task: AttachedTask, end: number): boolean {
  if (!isGivenUp(task.guard)) return false;
  return task.tick !== undefined || (isWhole(task) && end - task.position > 1);
}
