import type { OutboxRow } from "../task/task-port.ts";

/** What goes to one target in one slice, cut into rows below TARGET_BATCH_BYTES. */
export interface Target<Item> {
  add(item: Item): void;
  rows(): OutboxRow[];
}

type Make = (target: string) => Target<never>;

/**
 * What a slice sends. Items wait until their record is done: `commit` lets them go, `discard` drops those put since a
 * mark. Rows come out by target in the order of first use; within a target in the order put.
 */
export class Outbox {
  readonly #targets = new Map<string, Target<never>>();
  /** Items on their way, each with its target and what opens that: three lists side by side cost no object an item. */
  readonly #names: string[] = [];
  readonly #items: unknown[] = [];
  readonly #makes: Make[] = [];
  /** Slots in use. The lists keep their length: cutting them would give their memory back for every record. */
  #size = 0;

  /** Told of each item that goes, by target; undefined while nobody asks. */
  sent: ((target: string, item: unknown) => void) | undefined;

  /** `make` opens the target on its first item of the slice. A target name always has one kind of item. */
  put<Item>(target: string, item: Item, make: (target: string) => Target<Item>): void {
    const at = this.#size++;
    this.#names[at] = target;
    this.#items[at] = item;
    this.#makes[at] = make as Make;
  }

  commit(): void {
    for (let at = 0; at < this.#size; at++) {
      const [target, item] = [this.#names[at] as string, this.#items[at]];
      let open = this.#targets.get(target);
      if (open === undefined) this.#targets.set(target, (open = (this.#makes[at] as Make)(target)));
      open.add(item as never);
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
    for (const list of [this.#names, this.#items, this.#makes]) list.length = 0;
    const rows = [...this.#targets.values()].flatMap((target) => target.rows());
    this.#targets.clear();
    return rows;
  }
}
