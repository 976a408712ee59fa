import type { PlanKey } from "../../../schema/plan.ts";
import type { Undoable, UndoLog } from "../store/undo-log.ts";
import { SpanKey } from "./span-key.ts";
import type { StreamRecord } from "./stream-record.ts";

/** A change of one key. */
interface Change {
  readonly record: StreamRecord;
  /** There is no state now, because it gave way to another key. */
  readonly gone: boolean;
}

/** The last change of a key in a micro-batch. */
export class HeldUpdate implements Undoable {
  last: Change;
  /** There was no state before its first change in the batch. */
  readonly fresh: boolean;

  constructor(first: Change, fresh: boolean) {
    this.last = first;
    this.fresh = fresh;
  }

  undo(saved: unknown): void {
    this.last = saved as Change;
  }
}

/**
 * What a micro-batch holds back, in the order in which the keys first changed. Windowed keys are all of one kind of windows.
 * They lie by their start, then by the rest, so that no text is made of them for each change.
 */
export class HeldUpdates implements Undoable {
  readonly #undo: UndoLog;
  readonly #inOrder: HeldUpdate[] = [];
  readonly #byKey = new Map<string, HeldUpdate>();
  readonly #byStart = new Map<number, Map<string, HeldUpdate>>();

  constructor(undo: UndoLog) {
    this.#undo = undo;
  }

  get(key: PlanKey): HeldUpdate | undefined {
    return this.#among(key).get(restOf(key));
  }

  add(first: Change, fresh: boolean): void {
    const held = new HeldUpdate(first, fresh);
    const { key } = first.record;
    this.#among(key).set(restOf(key), held);
    this.#inOrder.push(held);
    this.#undo.save(this, undefined);
  }

  replace(held: HeldUpdate, next: Change): void {
    this.#undo.save(held, held.last);
    held.last = next;
  }

  /** The last one that was added: what came after it has been undone. */
  undo(): void {
    const held = this.#inOrder.pop();
    if (held === undefined) return;
    const { key } = held.last.record;
    this.#among(key).delete(restOf(key));
  }

  /** All there are, and from then on none. */
  take(): readonly HeldUpdate[] {
    this.#byKey.clear();
    this.#byStart.clear();
    return this.#inOrder.splice(0);
  }

  #among(key: PlanKey): Map<string, HeldUpdate> {
    if (typeof key === "string" || key === null) return this.#byKey;
    const known = this.#byStart.get(key.start);
    if (known !== undefined) return known;
    const made = new Map<string, HeldUpdate>();
    this.#byStart.set(key.start, made);
    return made;
  }
}

/** What tells keys of one start apart. */
function restOf(key: PlanKey): string {
  if (typeof key === "string" || key === null) return key ?? "";
  return key instanceof SpanKey ? `${key.end}/${key.key}` : key.key;
}
