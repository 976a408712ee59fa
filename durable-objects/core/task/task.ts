import type { ConsumerRecord } from "../../../schema/record.ts";
import { assert } from "../assert.ts";
import type { TaskPlan } from "../plan/task-plan.ts";
import { layoutOf } from "./layout.ts";
import { readProgress } from "./progress.ts";
import type { WaitingBounds } from "./parked-keys.ts";
import { RunningTask } from "./running-task.ts";
import type {
  InputRecord,
  OutboxRow,
  Redriven,
  SliceOptions,
  SliceResult,
  TaskCounters,
  TaskPort,
  TaskPorts,
  TickOptions,
} from "./task-port.ts";

/** See TaskPort. `restore` comes before the first `run`, and after every `run` that threw. */
export class Task implements TaskPort {
  readonly layout: string;
  readonly #plan: TaskPlan;
  readonly #ports: TaskPorts;
  #running: RunningTask | undefined;

  constructor(plan: TaskPlan, ports: TaskPorts) {
    this.#plan = plan;
    this.#ports = ports;
    this.layout = layoutOf(plan);
  }

  get counters(): TaskCounters {
    return this.#alive().counters;
  }

  get streamTimeMs(): number {
    return this.#alive().streamTimeMs;
  }

  get clockMs(): number {
    return Math.max(-1, this.#alive().clockMs);
  }

  /** Absent where the task has none. */
  get watermarkMs(): number | undefined {
    return this.#alive().watermarkMs;
  }

  get wallClockMs(): number | undefined {
    return this.#alive().observedClock.nowMs;
  }

  get wallDueMs(): number | undefined {
    return this.#alive().observedClock.dueMs;
  }

  get heard(): boolean {
    return this.#alive().heard;
  }

  get tickAfterMs(): number | undefined {
    return this.#alive().tickAfterMs;
  }

  get settled(): boolean {
    return this.#alive().settled;
  }

  get slowest(): readonly number[] {
    return this.#alive().slowest;
  }

  idle(): readonly OutboxRow[] {
    return this.#alive().idle();
  }

  awake(): readonly OutboxRow[] {
    return this.#alive().awake();
  }

  restore(progress: string | undefined): void {
    this.#running = undefined;
    this.#running = new RunningTask(this.#plan, this.#ports, readProgress(progress));
  }

  run(records: Iterable<InputRecord>, options: SliceOptions): SliceResult {
    return this.#through((running) => running.run(records, options));
  }

  tick(options: TickOptions): SliceResult {
    return this.#through((running) => running.tick(options));
  }

  redrive(items: readonly Redriven[], options: SliceOptions): SliceResult {
    return this.#through((running) => running.redrive(items, options));
  }

  redriven(items: readonly Redriven[]): ConsumerRecord[] {
    return this.#alive().redriven(items);
  }

  parkedWithin(key: string, bounds: WaitingBounds): number {
    return this.#alive().parkedWithin(key, bounds);
  }

  parked(key: string): { readonly records: number; readonly offset: number } | undefined {
    return this.#alive().parked(key);
  }

  #through(work: (running: RunningTask) => SliceResult): SliceResult {
    const running = this.#alive();
    // A run that throws leaves a task that must be restored: half a slice is in its memory.
    this.#running = undefined;
    const result = work(running);
    this.#running = running;
    return result;
  }

  #alive(): RunningTask {
    assert(this.#running !== undefined, "a task is restored before it runs, and again after a run that threw");
    return this.#running;
  }
}
