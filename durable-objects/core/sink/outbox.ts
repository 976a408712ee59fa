import type { OutboxRow } from "../task/task-port.ts";

/** What goes to one target in one slice, cut into rows below TARGET_BATCH_BYTES. */
export interface Target<Item> {
  add(item: Item): void;
  rows(): OutboxRow[];
}

/** An item on its way to its target; the two fit each other. */
interface Waiting {
  readonly target: string;
  readonly item: never;
  readonly make: (target: string) => Target<never>;
}

/**
 * What a slice sends. Items wait until their record is done: `commit` lets them go, `discard` drops those put since a
 * mark. Rows come out by target in the order of first use; within a target in the order put.
 */
export class Outbox {
  readonly #targets = new Map<string, Target<never>>();
  readonly #waiting: Waiting[] = [];
  /** Slots of `#waiting` in use. It keeps its length: cutting it would give its memory back for every record. */
  #size = 0;

  /** Told of each item that goes, by target; undefined while nobody asks. */
  sent: ((target: string, item: unknown) => void) | undefined;

  /** `make` opens the target on its first item of the slice. A target name always has one kind of item. */
  put<Item>(target: string, item: Item, make: (target: string) => Target<Item>): void {
    this.#waiting[this.#size++] = { target, item: item as never, make: make as Waiting["make"] };
  }

  commit(): void {
    for (let at = 0; at < this.#size; at++) {
      const { target, item, make } = this.#waiting[at] as Waiting;
      let open = this.#targets.get(target);
      if (open === undefined) this.#targets.set(target, (open = make(target)));
      open.add(item);
      this.sent?.(target, item);
    }
    this.#size = 0;
  }

  get mark(): number {
    return this.#size;
  }

  discard(mark: number): void {
    this.#size = mark;
  }

  drain(): OutboxRow[] {
    this.#waiting.length = 0;
    const rows = [...this.#targets.values()].flatMap((target) => target.rows());
    this.#targets.clear();
    return rows;
  }
}
