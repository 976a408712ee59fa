import { AWAIT_DELIVERED_MS, AWAIT_PROCESSED_MS } from "../../schema/limits.ts";
import type { Processed } from "../../schema/rpc/log.ts";
import type { WatchedRecord } from "../core/task/task-port.ts";
import type { Pending } from "../sqlite/outbox-queue.ts";
import type { AttachedTask } from "./attached-task.ts";
import { stillWaits } from "./drain.ts";
import type { Shell } from "./shell.ts";
import type { Watches } from "./watches.ts";

/** What a producer may wait for: that the tasks per event here have run its records, or that what they sent has arrived. */
export class Awaiting {
  readonly #shell: Shell;
  readonly #watches: Watches;

  constructor(shell: Shell, watches: Watches) {
    this.#shell = shell;
    this.#watches = watches;
  }

  /** In the turn of the append. Undefined when there is a backlog of more than AWAIT_PROCESSED_MS. */
  async processed(from: number, to: number): Promise<readonly Processed[] | undefined> {
    const watches = this.#perEvent().map((task) => ({ task, watch: { from, to, records: [] as WatchedRecord[] } }));
    for (const { task, watch } of watches) this.#watches.watch(task.id, watch);
    try {
      const done = (): boolean => watches.every(({ task }) => this.#isPast(task, to));
      if (!(await this.#shell.changed.until(done, AWAIT_PROCESSED_MS))) return undefined;
      return watches.map(({ task, watch }) => ({ pipeline: task.pipeline, records: watch.records }));
    } finally {
      for (const { task, watch } of watches) this.#watches.unwatch(task.id, watch);
    }
  }

  /** Files are not waited for: they close by time or size. */
  async delivered(to: number): Promise<boolean> {
    const tasks = this.#perEvent();
    const deadlineMs = this.#shell.now() + AWAIT_DELIVERED_MS;
    const past = (): boolean => tasks.every((task) => this.#isPast(task, to));
    if (!(await this.#shell.changed.until(past, AWAIT_DELIVERED_MS))) return false;
    const sent: Pending[] = tasks.flatMap(({ id }) => this.#shell.loaded?.outbox.pending(id) ?? []);
    const open = sent.filter(({ target }) => !target.startsWith("r2:"));
    const arrived = (): boolean => open.every((pending) => !stillWaits(this.#shell.loaded, pending));
    return this.#shell.changed.until(arrived, deadlineMs - this.#shell.now());
  }

  #perEvent(): AttachedTask[] {
    return (this.#shell.loaded?.tasks ?? []).filter(
      (task) => task.runnable && !task.muted && task.trigger.kind === "perEvent",
    );
  }

  /** One that is gone or stopped meanwhile is not waited for. */
  #isPast({ id }: AttachedTask, to: number): boolean {
    const task = this.#shell.loaded?.taskById(id);
    return task === undefined || !task.runnable || task.position >= to;
  }
}
