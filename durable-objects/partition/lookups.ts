import { LOOKUPS_PER_EVENT, MAX_LOOKUP_ANSWER_CHARACTERS, MAX_SLICE_BYTES } from "../../schema/limits.ts";
import type { LookupNode } from "../../schema/plan.ts";
import { assert } from "../core/assert.ts";
import { Asking, eachOnce, lookupsOf } from "../core/lookup/asking.ts";
import type { AskedCall, LookupAnswers } from "../core/operator/operator.ts";
import type { SliceOptions } from "../core/task/task-port.ts";
import { decompress } from "../gzip.ts";
import { type AnswerRoom, endWithinRoom } from "../lookup/answer-room.ts";
import { Finder } from "../lookup/finder.ts";
import type { AttachedTask } from "./attached-task.ts";
import type { ConsumerRecord } from "../../schema/record.ts";
import type { Shell } from "./shell.ts";
import { optionsOf, type Slice } from "./slice.ts";
import { outputsOf } from "./task-code.ts";

/** A slice that is asked for, or has its answers. */
interface Asked {
  /** As memory had it: read anew, after a pause, a reset or a deploy, it is another, and is asked for again. */
  readonly task: AttachedTask;
  readonly position: number;
  /** Lower than was asked for, where the answers are too much for one slice. */
  end: number;
  answers: LookupAnswers | undefined;
}

/** What runs the tasks. */
interface LookupOwner {
  /** All answers for the task's next slice are there. */
  readonly goOn: (task: number, inAnotherEvent: boolean) => void;
  readonly failed: (task: number, error: unknown) => void;
  readonly unguard: (task: AttachedTask) => void;
}

/**
 * What the next slice of a task looks up is asked for before it runs, outside any transaction and while other tasks go on
 * (LKP-2). The answers hold for that slice alone, and only where its task still is what and where it was.
 */
export class Lookups {
  readonly #shell: Shell;
  readonly #asked = new Map<number, Asked>();
  /** By task and node. */
  readonly #finders = new Map<string, Finder>();
  readonly #asking = new WeakMap<AttachedTask, Asking>();
  readonly #owner: LookupOwner;
  #calls = 0;

  constructor(shell: Shell, owner: LookupOwner) {
    this.#shell = shell;
    this.#owner = owner;
  }

  /** The task's next slice is asked for. */
  waits(task: AttachedTask): boolean {
    const asked = this.#askedBy(task);
    return asked !== undefined && asked.answers === undefined;
  }

  /** Where the slice ends that was asked for. */
  endOf(task: AttachedTask): number | undefined {
    return this.#askedBy(task)?.end;
  }

  /** What was found for the slice; where that is not known it is asked for, and `goOn` is called when it is. */
  answersFor({ task, end, tick }: Slice): LookupAnswers | "asked" | undefined {
    const options = optionsOf(task, this.#shell.now());
    if (task.plan === undefined || lookupsOf(task.plan).length === 0 || tick !== undefined) return undefined;
    if (options.terminated !== undefined) return undefined;
    const asked = this.#askedBy(task);
    if (asked?.end === end && asked.answers !== undefined) {
      this.#asked.delete(task.id);
      return asked.answers;
    }
    const calls = this.#callsFor(task, end, options);
    if (calls.length === 0) return () => undefined;
    // The guard is for what runs: what is waited for ends no object.
    const { goOn, failed, unguard } = this.#owner;
    unguard(task);
    this.#shell.background(
      this.#ask(task, { end, calls }).then(
        (inAnotherEvent) => goOn(task.id, inAnotherEvent),
        (error: unknown) => failed(task.id, error),
      ),
    );
    return "asked";
  }

  needed({ plan }: AttachedTask): boolean {
    return plan !== undefined && lookupsOf(plan).length > 0;
  }

  /**
   * What is found for records that run between two slices, and for how many of them, from the first on: no more than a slice
   * may hold, unless all of them must stay together. Runs user code before it returns.
   */
  async find(
    task: AttachedTask,
    records: readonly ConsumerRecord[],
    { whole, ...options }: SliceOptions & { readonly whole: boolean },
  ): Promise<{ readonly answers: LookupAnswers; readonly records: number }> {
    const calls = this.#askingOf(task).callsFor(records, options);
    if (whole) {
      const answers = await this.#find(task, calls, { characters: Number.POSITIVE_INFINITY });
      return { answers, records: records.length };
    }
    const answers = await this.#find(task, calls, { characters: MAX_LOOKUP_ANSWER_CHARACTERS });
    const end = endWithinRoom(calls, answers, Number.POSITIVE_INFINITY);
    const without = records.findIndex(({ offset }) => offset === end);
    return { answers, records: without < 0 ? records.length : without };
  }

  #askedBy(task: AttachedTask): Asked | undefined {
    const asked = this.#asked.get(task.id);
    return asked?.task === task && asked.position === task.position ? asked : undefined;
  }

  /** What the slice will look up: runs user code, at once. */
  #callsFor(task: AttachedTask, end: number, options: SliceOptions): readonly AskedCall[] {
    const { loaded } = this.#shell;
    assert(loaded !== undefined && task.plan !== undefined, "a task that runs has a plan");
    // As much as the slice will read, no more.
    const maxBytes = task.microBatch === undefined ? MAX_SLICE_BYTES : Number.POSITIVE_INFINITY;
    const limits = { maxBytes, maxRecords: end - task.position };
    const records = task.internal
      ? loaded.log.internalRecords(task.position, limits, decompress)
      : loaded.log.records(task.position, limits, decompress);
    return this.#askingOf(task).callsFor(records, options);
  }

  #askingOf(task: AttachedTask): Asking {
    const { loaded } = this.#shell;
    assert(loaded !== undefined && task.plan !== undefined, "a task that runs has a plan");
    let asking = this.#asking.get(task);
    if (asking === undefined) {
      const { partition } = loaded.row;
      const outputs = outputsOf(task.outputs, partition);
      const { upstreams } = task;
      asking = new Asking(task.plan, { topic: task.input, partition, outputs, upstreams, cacheBytes: 0 });
      this.#asking.set(task, asking);
    }
    return asking;
  }

  /** Resolves when all answers are there: whether this event has made so many calls that another one should go on. */
  async #ask(
    task: AttachedTask,
    { end, calls }: { readonly end: number; readonly calls: readonly AskedCall[] },
  ): Promise<boolean> {
    const asked: Asked = { task, position: task.position, end, answers: undefined };
    this.#asked.set(task.id, asked);
    // A micro-batch is what it was decided to be.
    const whole = task.microBatch !== undefined;
    const characters = whole ? Number.POSITIVE_INFINITY : MAX_LOOKUP_ANSWER_CHARACTERS;
    const answers = await this.#find(task, calls, { characters });
    if (!whole) asked.end = endWithinRoom(calls, answers, end);
    asked.answers = answers;
    if (this.#calls < LOOKUPS_PER_EVENT) return false;
    this.#calls = 0;
    return true;
  }

  async #find(task: AttachedTask, calls: readonly AskedCall[], room: AnswerRoom): Promise<LookupAnswers> {
    const nodes = task.plan === undefined ? [] : lookupsOf(task.plan);
    const answers = new Map(
      await Promise.all(
        nodes.map(async (node) => {
          const [own, first] = [calls, calls.filter(({ offset }) => offset === calls[0]?.offset)].map((some) =>
            eachOnce(some.filter((call) => call.node === node.name)).map(({ key }) => key),
          );
          return [node.name, await this.#finderOf(task, node).find(own ?? [], room, first?.length)] as const;
        }),
      ),
    );
    return ({ node, key }) => answers.get(node)?.get(key);
  }

  #finderOf(task: AttachedTask, node: LookupNode): Finder {
    const tasks = (this.#shell.loaded?.tasks ?? []).map(({ source }) => `${source} `);
    for (const key of this.#finders.keys()) {
      if (!tasks.some((source) => key.startsWith(source))) this.#finders.delete(key);
    }
    const key = `${task.source} ${node.name}`;
    let finder = this.#finders.get(key);
    if (finder === undefined) {
      const { env, clock } = this.#shell;
      const called = (): void => void this.#calls++;
      const failed = (reason: string): void => this.#failed(task.id, reason);
      this.#finders.set(key, (finder = new Finder(node, { env, clock, called, failed })));
    }
    return finder;
  }

  /** For its status, until a slice has been run. */
  #failed(id: number, reason: string): void {
    const task = this.#shell.loaded?.taskById(id);
    if (task?.state !== "running") return;
    task.error = reason;
    this.#shell.changed.notify();
  }
}
