import { DELIVERY_DEADLINE_MS, MAX_DELIVERY_BYTES, MAX_OUTBOX_BYTES, TARGET_BATCH_BYTES } from "../../schema/limits.ts";
import { release } from "../bytes.ts";
import { D1Sink } from "../sink/d1-sink.ts";
import { R2Sink } from "../sink/r2-sink.ts";
import type { Outcome, Refused, Sink } from "../sink/sink.ts";
import { TopicSink } from "../sink/topic-sink.ts";
import type { Pending } from "../sqlite/outbox-queue.ts";
import type { StoredRow } from "../sqlite/outbox-table.ts";
import { deadLettersOf } from "./dead-letter.ts";
import { type Incarnations, isOf, type Loaded } from "./loaded.ts";
import type { AttachedTask } from "./attached-task.ts";
import { withDeadline } from "./with-deadline.ts";
import type { Shell } from "./shell.ts";

const DELIVER_TIMER = "deliver";
const ROLL_TIMER = "roll";
/** Deliveries start right after the commit; the timer is for the object that ended in between. */
const FALLBACK_MS = 5_000;
const FIRST_RETRY_MS = 250;
const MAX_RETRY_MS = 60_000;
/** Simultaneous connections: developers.cloudflare.com/workers/platform/limits. */
const MAX_IN_FLIGHT = 6;

interface Trouble {
  readonly failures: number;
  readonly retryAtMs: number;
  readonly oneByOne: boolean;
  readonly reason: string;
}

interface Flight {
  readonly pipeline: string;
  readonly incarnation: number;
  readonly target: string;
}

/**
 * Takes outbox rows to their targets: one delivery in flight for a target, started after the commit that wrote the rows,
 * repeated with growing pauses until it is confirmed. After every await it acts only on what is on disk then.
 */
export class Deliveries {
  readonly #shell: Shell;
  readonly #inFlight = new Map<string, Flight>();
  readonly #trouble = new Map<string, Trouble>();
  readonly #sinks = new Map<string, Sink>();
  /** Called when rows have left, since tasks wait while the outbox is full. */
  onRoom: () => void = () => undefined;

  constructor(shell: Shell) {
    this.#shell = shell;
  }

  /** Inside the transaction that added rows. */
  armTimers(loaded: Loaded, nowMs: number): void {
    if (loaded.timers.get(DELIVER_TIMER) === undefined) loaded.timers.set(DELIVER_TIMER, nowMs + FALLBACK_MS);
    this.#closeDueFiles(loaded, nowMs);
  }

  /** Timers `deliver` and `roll`, inside the alarm's transaction. */
  due(loaded: Loaded, timer: string, nowMs: number): void {
    if (timer === DELIVER_TIMER && !loaded.outbox.empty) loaded.timers.set(DELIVER_TIMER, nowMs + FALLBACK_MS);
    if (timer === ROLL_TIMER) this.#closeDueFiles(loaded, nowMs);
  }

  /** A file is closed when it is large or old enough, or when the tasks could not go on for want of room. */
  #closeDueFiles(loaded: Loaded, nowMs: number): void {
    const { outbox } = loaded;
    for (const { task, target, bytes, oldestMs } of outbox.pending()) {
      const sink = loaded.taskById(task)?.r2Sink(target);
      if (sink === undefined) continue;
      // Of a task that has ended nothing more comes for a file.
      const ended = loaded.taskById(task)?.state === "detached";
      const dueMs = ended ? nowMs : oldestMs + sink.rollMs;
      if (bytes >= sink.maxFileBytes || outbox.bytes >= MAX_OUTBOX_BYTES || dueMs <= nowMs)
        this.#decide(loaded, task, target);
      else this.#rollAt(loaded, dueMs);
    }
  }

  #decide({ outbox }: Loaded, task: number, target: string): void {
    outbox.decideFile(task, target);
    this.#shell.step("deliver:decided");
  }

  #rollAt({ timers }: Loaded, dueMs: number): void {
    if (dueMs < (timers.get(ROLL_TIMER) ?? Number.POSITIVE_INFINITY)) timers.set(ROLL_TIMER, dueMs);
  }

  /** Closes the open files of a task: inside a transaction. */
  closeFiles(loaded: Loaded, task: AttachedTask): void {
    for (const { target } of loaded.outbox.pending(task.id)) {
      if (task.r2Sink(target) !== undefined) this.#decide(loaded, task.id, target);
    }
  }

  /** Starts what can be delivered now. Returns at once. */
  kick(): void {
    for (const pending of this.#shell.loaded?.outbox.pending() ?? []) {
      if (this.#inFlight.size >= MAX_IN_FLIGHT) return;
      const key = keyOf(pending);
      if (this.#inFlight.has(key) || (this.#trouble.get(key)?.retryAtMs ?? 0) > this.#shell.now()) continue;
      const task = this.#shell.loaded?.taskById(pending.task);
      if (task === undefined || !this.#deliverable(pending)) continue;
      const { pipeline, incarnation } = task;
      this.#inFlight.set(key, { pipeline, incarnation, target: pending.target });
      this.#shell.background(this.#deliver(pending.task, pending.target, key));
    }
  }

  /** Targets to which something of these incarnations of the pipeline is being delivered, though its task be gone. */
  onTheWay(pipeline: string, which: Incarnations): string[] {
    return [...this.#inFlight.values()]
      .filter((flight) => flight.pipeline === pipeline && isOf(flight.incarnation, which))
      .map(({ target }) => target);
  }

  /** Somebody waits: what is in trouble is tried at the next kick, without its pause. */
  forgetPauses(task: AttachedTask): void {
    for (const [key, trouble] of this.#trouble) {
      if (key.startsWith(`${task.id} `)) this.#trouble.set(key, { ...trouble, retryAtMs: 0 });
    }
  }

  #deliverable({ task: id, target }: Pending): boolean {
    const loaded = this.#shell.loaded;
    const task = loaded?.taskById(id);
    if (loaded === undefined || task === undefined) return false;
    if (target.startsWith("r2:")) return loaded.outbox.file(id, target) !== undefined;
    // What a former incarnation wrote to the same target comes first: the newer one's rows must be the last (ENG-11).
    const former = loaded.tasks.filter((other) => other.pipeline === task.pipeline && other.id < id);
    return former.every((other) => loaded.outbox.pendingOf(other.id, target) === undefined);
  }

  /** Why rows of this task do not get through, for its status. */
  errorOf(task: AttachedTask): string | undefined {
    return [...this.#trouble].find(([key]) => key.startsWith(`${task.id} `))?.[1].reason;
  }

  async #deliver(id: number, target: string, key: string): Promise<void> {
    try {
      while (await this.#deliverOnce(id, target, key));
    } finally {
      this.#inFlight.delete(key);
      this.#shell.changed.notify();
      this.kick();
    }
  }

  /** Answers whether to go on with this target at once. */
  async #deliverOnce(id: number, target: string, key: string): Promise<boolean> {
    const { loaded } = this.#shell;
    const task = loaded?.taskById(id);
    if (loaded === undefined || task === undefined || !this.#deliverable({ task: id, target } as Pending)) return false;
    const rows = this.#rowsOf(loaded, { task, target, key });
    if (rows.length === 0) return false;
    this.#shell.step("deliver:begun");
    const outcome = await this.#attempt(task, target, rows);
    this.#shell.step("deliver:answered");
    if (this.#shell.loaded?.taskById(id) === undefined) return false;
    const more = this.#apply({ id, target, key, rows }, outcome);
    // A topic has copies. What is not confirmed is sent again.
    if (outcome.kind === "delivered" && target.startsWith("topic:")) {
      for (const { sequence, body } of rows) if (sequence <= outcome.through) release(body);
    }
    return more;
  }

  #rowsOf({ outbox }: Loaded, { task, target, key }: { task: AttachedTask; target: string; key: string }): StoredRow[] {
    const file = outbox.file(task.id, target);
    if (file !== undefined) return outbox.rows(task.id, target, { maxBytes: Number.POSITIVE_INFINITY, to: file.to });
    const most = target.startsWith("d1:") ? TARGET_BATCH_BYTES : MAX_DELIVERY_BYTES;
    return outbox.rows(task.id, target, { maxBytes: this.#trouble.get(key)?.oneByOne === true ? 0 : most });
  }

  async #attempt(task: AttachedTask, target: string, rows: StoredRow[]): Promise<Outcome> {
    try {
      const sink = this.#sinkOf(task, target);
      if (sink === undefined) return { kind: "stop", reason: `${target} is no sink of this task` };
      const { source, incarnation, identity: code } = task;
      const delivery = sink.deliver({ source, incarnation, code, taskName: task.name, target, rows });
      this.#shell.step("deliver:sent");
      return await withDeadline(delivery, DELIVERY_DEADLINE_MS, this.#shell.clock);
    } catch (error) {
      return { kind: "retry", reason: `${target}: ${error instanceof Error ? error.message : String(error)}` };
    }
  }

  #sinkOf(task: AttachedTask, target: string): Sink | undefined {
    if (target.startsWith("r2:")) return new R2Sink(this.#shell.env.LAKE);
    if (target.startsWith("topic:")) return new TopicSink(this.#shell.env.PARTITION, task.outputs);
    const key = `${task.id} ${target}`;
    const definition = task.d1Sink(target);
    if (definition !== undefined && !this.#sinks.has(key))
      this.#sinks.set(key, new D1Sink(this.#shell.env.DB, definition));
    return this.#sinks.get(key);
  }

  #apply(at: { id: number; target: string; key: string; rows: StoredRow[] }, outcome: Outcome): boolean {
    switch (outcome.kind) {
      case "delivered":
        this.#confirm(at, outcome.through);
        return true;
      case "refused":
        this.#deadLetter(at, outcome);
        return true;
      case "retry":
      case "stop":
        return this.#retry(at.key, outcome);
    }
  }

  #confirm({ id, target, key }: { id: number; target: string; key: string }, through: number): void {
    this.#trouble.delete(key);
    this.#shell.write((loaded) => {
      const scope = loaded.taskById(id)?.scopeOf(target) ?? target;
      loaded.outbox.removeThrough(id, target, { scope, to: through });
      loaded.outbox.removeFile(id, target);
      // What came for this path meanwhile waited for the file to be done.
      if (target.startsWith("r2:")) this.#closeDueFiles(loaded, this.#shell.now());
      const task = loaded.taskById(id);
      if (task !== undefined) loaded.forgetIfDone(task);
      if (loaded.outbox.empty) loaded.timers.clear(DELIVER_TIMER);
      this.#shell.step("deliver:confirming");
    });
    this.#shell.step("deliver:confirmed");
    this.#shell.changed.notify();
    this.onRoom();
  }

  /** What was refused goes to the dead-letter topic and the row goes on without it, in one transaction (SNK-22). */
  #deadLetter({ id, target }: { id: number; target: string }, refused: Refused): void {
    this.#shell.write((loaded) => {
      const task = loaded.taskById(id);
      if (task === undefined) return;
      const nowMs = this.#shell.now();
      for (const letter of deadLettersOf(task, { refused, target, nowMs }))
        loaded.outbox.add(id, letter.target, { ...letter, nowMs });
      loaded.outbox.replace(id, target, {
        sequence: refused.sequence,
        body: refused.rest,
        records: refused.restRecords,
      });
      task.refused += refused.letters.length;
      loaded.taskTable.addRefused(id, refused.letters.length);
    });
  }

  #retry(key: string, outcome: Extract<Outcome, { kind: "retry" | "stop" }>): boolean {
    const oneByOne = outcome.kind === "retry" && outcome.oneByOne === true;
    const failures = oneByOne ? 0 : (this.#trouble.get(key)?.failures ?? 0) + 1;
    const waitMs = oneByOne ? 0 : Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1));
    const retryAtMs = this.#shell.now() + waitMs;
    this.#trouble.set(key, { failures, retryAtMs, oneByOne, reason: outcome.reason });
    if (oneByOne) return true;
    this.#shell.write(({ timers }) => {
      if (retryAtMs < (timers.get(DELIVER_TIMER) ?? Number.POSITIVE_INFINITY)) timers.set(DELIVER_TIMER, retryAtMs);
    });
    this.#shell.changed.notify();
    return false;
  }
}

function keyOf({ task, target }: Pending): string {
  return `${task} ${target}`;
}
