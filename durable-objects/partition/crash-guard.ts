import type { AttachedTask } from "./attached-task.ts";
import type { Loaded } from "./loaded.ts";

/** What a wake finds of this row says which slice, and at last which record, ended the object (ENG-4). Answers whether one is due. */
export function guard({ taskTable }: Loaded, task: AttachedTask, end: number): boolean {
  const { guard: by, position } = task;
  if (by.kind === "none" || (by.kind === "single" && by.terminated)) return false;
  const trying = by.kind === "single" ? { until: by.until, single: by.attempts + 1 } : { until: end, single: 0 };
  taskTable.setTrying(task.id, { position, ...trying });
  return true;
}

/** As the wake found it: what is waited for ends no object. */
export function unguard({ taskTable }: Loaded, { id, guard: by, position }: AttachedTask): void {
  if (by.kind === "none") return;
  const found = by.kind === "single" ? { position, until: by.until, single: by.attempts } : undefined;
  taskTable.setTrying(id, found);
}

/** The object has ended on it too often. */
export function terminated({ guard: by }: AttachedTask): boolean {
  return by.kind === "single" && by.terminated;
}
