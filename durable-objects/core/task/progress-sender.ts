import { PROGRESS_INTERVAL_MS } from "../../../schema/limits.ts";
import { controlBatch } from "../sink/internal-target.ts";
import type { TaskPlan } from "../plan/task-plan.ts";
import type { OutboxRow, TaskPorts } from "./task-port.ts";

export type ProgressOf = (topic: string) => number;

/** A partition of an internal topic that waits for word of this task, and what it was told last. */
interface Listener {
  readonly target: string;
  readonly topic: string;
  readonly upstream: number;
  readonly stepMs: number;
  toldMs: number;
  toldAtMs: number;
}

/**
 * Tells the tasks behind internal topics how far this one has come, where no record does (ENG-22): when progress passes a
 * multiple of the step at which something there can close, at most once in PROGRESS_INTERVAL_MS. Where this task is the
 * only one that writes the topic, nobody waits for word but those whom the task there tells in turn, and what closes when nothing comes. What was told is
 * forgotten at a restore, and then told again, which is harmless.
 */
export class ProgressSender {
  readonly #listeners: readonly Listener[];

  constructor(plan: TaskPlan, ports: TaskPorts) {
    const listeners = new Map<string, Listener>();
    for (const node of plan.nodes) {
      if (node.kind !== "internalSink" || node.stepMs === undefined) continue;
      const { partitions, upstream, upstreams = 1 } = ports.outputs[node.topic] ?? { partitions: 0 };
      if (upstream === undefined || (upstreams === 1 && node.relayed !== true && node.closesAfterMs === undefined))
        continue;
      for (let partition = 0; partition < partitions; partition++) {
        const target = `topic:${node.topic}/${partition}`;
        listeners.set(target, {
          target,
          topic: node.topic,
          upstream,
          stepMs: node.stepMs,
          toldMs: -1,
          toldAtMs: -Infinity,
        });
      }
    }
    this.#listeners = [...listeners.values()];
  }

  get heard(): boolean {
    return this.#listeners.length > 0;
  }

  /** After a slice: `rows` have told their targets already. `progressOf`: of what is sent to a topic. */
  tell(rows: readonly OutboxRow[], progressOf: ProgressOf, nowMs: number): OutboxRow[] {
    if (this.#listeners.length === 0) return [];
    const told = new Set(rows.map(({ target }) => target));
    const more: OutboxRow[] = [];
    for (const listener of this.#listeners) {
      const progressMs = progressOf(listener.topic);
      const silent = !told.has(listener.target);
      if (silent && (!this.#due(listener, progressMs) || nowMs < listener.toldAtMs + PROGRESS_INTERVAL_MS)) continue;
      if (silent) more.push(controlRow(listener, progressMs));
      listener.toldMs = progressMs;
      listener.toldAtMs = nowMs;
    }
    return more;
  }

  /** When the next word is due that was held back, ms since epoch; undefined when there is none. */
  dueMs(progressOf: ProgressOf): number | undefined {
    const waiting = this.#listeners.filter((listener) => this.#due(listener, progressOf(listener.topic)));
    if (waiting.length === 0) return undefined;
    return Math.min(...waiting.map(({ toldAtMs }) => toldAtMs + PROGRESS_INTERVAL_MS));
  }

  idle(): OutboxRow[] {
    return this.#listeners.map((listener) => controlRow(listener, "idle"));
  }

  awake(progressOf: (topic: string) => number): OutboxRow[] {
    return this.#listeners.map((listener) => controlRow(listener, Math.max(0, progressOf(listener.topic))));
  }

  #due({ toldMs, stepMs }: Listener, progressMs: number): boolean {
    return progressMs > toldMs && Math.floor(progressMs / stepMs) > Math.floor(toldMs / stepMs);
  }
}

function controlRow({ target, upstream }: Listener, progressMs: number | "idle"): OutboxRow {
  return { target, records: 0, body: controlBatch(upstream, progressMs) };
}
