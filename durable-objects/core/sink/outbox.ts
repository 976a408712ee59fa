import type { OutboxRow } from "../task/task-port.ts";

/** What goes to one target in one slice, cut into rows below TARGET_BATCH_BYTES. */
export interface Target<Item> {
  add(item: Item): void;
  rows(): OutboxRow[];
}

/**
 * What a slice sends. Items wait until their record is done: `commit` lets them go, `discard` drops those put since a
 * mark. Rows come out by target in the order of first use; within a target in the order put.
 */
export class Outbox {
  readonly #targets = new Map<string, Target<never>>();
  readonly #waiting: (() => void)[] = [];

  /** Told of each item that goes, by target; undefined while nobody asks. */
  sent: ((target: string, item: unknown) => void) | undefined;

  /** `make` opens the target on its first item of the slice. A target name always has one kind of item. */
  put<Item>(target: string, item: Item, make: (target: string) => Target<Item>): void {
    this.#waiting.push(() => {
      let open = this.#targets.get(target) as Target<Item> | undefined;
      if (open === undefined) this.#targets.set(target, (open = make(target)) as Target<never>);
      open.add(item);
      this.sent?.(target, item);
    });
  }

  commit(): void {
    if (this.#waiting.length === 0) return;
    for (const put of this.#waiting) put();
    this.#waiting.length = 0;
  }

  get mark(): number {
    return this.#waiting.length;
  }

  discard(mark: number): void {
    this.#waiting.length = mark;
  }

  drain(): OutboxRow[] {
    const rows = [...this.#targets.values()].flatMap((target) => target.rows());
    this.#targets.clear();
    return rows;
  }
}
