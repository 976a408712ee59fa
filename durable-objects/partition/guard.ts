import type { Trying } from "../sqlite/task-table.ts";

/** A record may be at work when the object ends for another reason (a deploy, a kill): once or twice is no proof. */
export const MAX_ATTEMPTS = 3;

/**
 * How careful a task's next slice must be (ENG-4). `first` after a wake is announced before it runs. `careful` found what was
 * announced: a slice ended the object, and what lies before `until` is tried in smaller ones, each announced too. `none` is
 * the ordinary case.
 *
 * Record 3 of 500 ends the object: it ends in the first 500, 250, 125, 62, 31, 15 and 7, [0, 3) passes, it ends in [3, 9) and
 * [3, 6), and record 3 is alone. When three wakes have ended on it there it is given up; [4, 5), [5, 7), [7, 11) … follow.
 */
export type Guard =
  | { readonly kind: "none" }
  | { readonly kind: "first" }
  | {
      readonly kind: "careful";
      readonly until: number;
      /** At most so many records in the next slice. */
      readonly size: number;
      /** Wakes that have ended on what begins at the task's position while it was alone. */
      readonly attempts: number;
    };

/** A slice that is about to run. A tick has no records. */
export interface Announced {
  readonly position: number;
  readonly end: number;
  /** It cannot be cut, so it is as good as one record. */
  readonly whole: boolean;
}

/** Of a wake: `trying` is what was announced by whoever was awake before, and the committed position. */
export function guardFound(trying: Trying | undefined, position: number): Guard {
  if (trying === undefined) return { kind: "first" };
  const { until, single } = trying;
  if (single > 0 && trying.position === position) return { kind: "careful", until, size: 1, attempts: single };
  if (until <= position) return { kind: "first" };
  const size = trying.size ?? (single > 0 ? 1 : halfOf(until - trying.position));
  return { kind: "careful", until, size, attempts: 0 };
}

/** The object has ended on it too often. */
export function isGivenUp(guard: Guard): boolean {
  return guard.kind === "careful" && guard.attempts >= MAX_ATTEMPTS;
}

/** Most records of the next slice. */
export function sliceLimit(guard: Guard, position: number): number {
  return guard.kind === "careful"
    ? Math.max(1, Math.min(guard.size, guard.until - position))
    : Number.POSITIVE_INFINITY;
}

/** What a wake is to find if the object ends in the slice; undefined where nothing is announced. */
export function announcement(guard: Guard, { position, end, whole }: Announced): Trying | undefined {
  if (guard.kind === "none" || isGivenUp(guard)) return undefined;
  const [until, attempts] = guard.kind === "careful" ? [guard.until, guard.attempts] : [end, 0];
  const records = end - position;
  if (whole || records <= 1) return { position, until, size: 1, single: attempts + 1 };
  return { position, until, size: halfOf(records), single: 0 };
}

/** What a wake is to find if the object ends where nothing of the slice is at work: as careful as now. */
export function kept(guard: Guard, position: number): Trying | undefined {
  if (guard.kind !== "careful") return undefined;
  const { until, size, attempts } = guard;
  return { position, until, size, single: attempts };
}

/** A slice has come to its end, and the task to `position`. */
export function guardAfter(guard: Guard, position: number): Guard {
  if (guard.kind !== "careful" || position >= guard.until) return { kind: "none" };
  // Behind a record that was given up others of its kind may follow.
  const size = isGivenUp(guard) ? 1 : guard.size * 2;
  return { kind: "careful", until: guard.until, size, attempts: 0 };
}

function halfOf(records: number): number {
  return Math.max(1, Math.floor(records / 2));
}
