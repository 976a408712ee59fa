import { type Answer, refuse, type Refusal } from "../../schema/error.ts";
import { isInternal } from "../../schema/internal-topic.ts";
import type { Plan } from "../../schema/plan.ts";
import type { StartFrom, TaskStart } from "../../schema/rpc/task.ts";
import { onEveryPartition } from "./partitions.ts";
import type { PipelineRow } from "./pipeline-table.ts";
import { forkOf, isFork, listOf, pipelineOf, topicsReadBy } from "./pipeline-topics.ts";
import { liveOf, type Starter, type StarterParts } from "./starter.ts";

/** How long one call waits for the tasks of one input, ms. */
const WAIT_MS = 5_000;

interface Fork {
  readonly name: string;
  readonly main: PipelineRow;
  readonly fork: PipelineRow;
}

export interface Swapped {
  readonly version: number;
  readonly incarnation: number;
  /** Up to where the former version has processed each partition, and from where on the new one sends. */
  readonly swappedAt: readonly TaskStart[];
}

/**
 * A second version of a pipeline beside the one that runs. It reads the same topics under an incarnation of its own, muted,
 * until a swap: both stop at the same offset of every source partition, all that these records caused is processed and
 * delivered, and then the new one goes on unmuted. So an output is muted iff a record before that offset caused it (FRK-3).
 * Each step may be done again; what was interrupted goes on from the state in the fork's row.
 */
export class Forks {
  readonly #parts: StarterParts;
  readonly #starter: Starter;

  constructor(parts: StarterParts, starter: Starter) {
    this.#parts = parts;
    this.#starter = starter;
  }

  get(name: string): PipelineRow | undefined {
    return this.#parts.table.get(forkOf(name));
  }

  /** `plan` can start, and the version of `main` is in the bundle. */
  async fork(
    main: PipelineRow,
    plan: Plan,
    from: StartFrom,
  ): Promise<
    Answer<{ readonly version: number; readonly incarnation: number; readonly starts: readonly TaskStart[] }>
  > {
    const { name, version } = plan;
    const known = this.get(name);
    if (known !== undefined && (known.version !== version || isEnding(known))) {
      return refuse("invalid_request", `pipeline ${name} has a fork of version ${known.version}, ${known.state}`, {
        hint: "Swap or abandon it first",
      });
    }
    if (main.version === version) return refuse("invalid_request", `version ${version} of ${name} runs already`);
    const { starts } = await this.#starter.start(plan, known, { from, fork: true });
    const begun = this.get(name);
    if (begun?.state === "running") return { ok: true, version, incarnation: begun.incarnation, starts };
    return goesOn(`the fork of ${name}`, begun?.error ?? "it is starting");
  }

  async swap(name: string, version: number | undefined): Promise<Answer<Swapped>> {
    const main = this.#parts.table.get(name);
    const fork = this.get(name);
    if (fork === undefined && main !== undefined && main.version === version)
      return { ok: true, version, incarnation: main.incarnation, swappedAt: [] };
    if (fork === undefined || main === undefined) return noFork(name);
    if (version !== undefined && version !== fork.version)
      return refuse("invalid_request", `the fork of ${name} is of version ${fork.version}`, { field: "version" });
    if (fork.state === "bootstrapping" || fork.state === "abandoning")
      return refuse("pipeline_paused", `the fork of ${name} is ${fork.state}`);
    if (fork.state === "running") this.#parts.table.setState(fork.name, "swapping", null);
    const done = await this.#swap({ name, main, fork });
    return done.ok ? done : goesOn(`the swap of ${name}`, done.message);
  }

  async abandon(name: string): Promise<Answer> {
    const fork = this.get(name);
    if (fork === undefined) return noFork(name);
    if (fork.state === "unmuting")
      return refuse("invalid_request", `the fork of ${name} has begun to take the place of the version before it`);
    this.#parts.table.setState(fork.name, "abandoning", null);
    const done = await this.#abandon(name, fork);
    return done.ok ? done : goesOn(`to abandon the fork of ${name}`, done.message);
  }

  /** What was interrupted. Answers whether something is not at its end. */
  async goOn(): Promise<boolean> {
    for (const fork of this.#parts.table.all().filter((row) => isFork(row.name))) {
      try {
        const done = await this.#goOn(fork);
        if (!done.ok && this.#parts.table.get(fork.name) !== undefined)
          this.#parts.table.setState(fork.name, fork.state, done.message);
      } catch (error) {
        console.error(`the fork ${fork.name} was interrupted:`, error);
      }
    }
    return this.#parts.table.all().some((row) => isFork(row.name) && row.state !== "running");
  }

  async #goOn(fork: PipelineRow): Promise<Answer> {
    const { table, plans } = this.#parts;
    const name = pipelineOf(fork.name);
    const main = table.get(name);
    switch (fork.state) {
      case "bootstrapping": {
        const plan = plans.get(name, fork.version);
        if (plan === undefined) return refuse("not_found", `the bundle has no ${name} version ${fork.version}`);
        await this.#starter.start(plan, fork, { fork: true });
        return { ok: true };
      }
      case "swapping":
      case "unmuting":
        return main === undefined ? { ok: true } : this.#swap({ name, main, fork });
      case "abandoning":
        return this.#abandon(name, fork);
      case "running":
      case "paused":
      case "failed":
        return { ok: true };
    }
  }

  async #swap(at: Fork): Promise<Answer<Swapped>> {
    const { name, main, fork } = at;
    const halted = await this.#halt(at);
    if (!halted.ok) return halted;
    if (this.get(name)?.state === "swapping") {
      for (const row of [main, fork]) {
        const drained = await this.#drain(name, row);
        if (!drained.ok) return drained;
      }
      // Nothing more comes of the former one, not by a tick either.
      for (const { input, topic } of topicsReadBy(main)) {
        if (!isInternal(input)) continue;
        const still = await this.#on(topic, (stub) => stub.halt({ pipeline: name }));
        if (!still.ok) return still;
      }
      // From here on there is no way back: what the new one sends goes out.
      this.#parts.table.setState(fork.name, "unmuting", null);
    }
    // Those that are fed by others first: nothing that is sent may meet one that is still muted.
    for (const { topic } of topicsReadBy(fork).toReversed()) {
      const { incarnation } = fork;
      const unmuted = await this.#on(topic, (stub) => stub.unmute({ pipeline: name, incarnation }));
      if (!unmuted.ok) return unmuted;
    }
    await this.#replace(at);
    return { ok: true, version: fork.version, incarnation: fork.incarnation, swappedAt: halted.swappedAt };
  }

  /** Both stop at the same offsets of users' topics. */
  async #halt({ name, main, fork }: Fork): Promise<Answer<{ readonly swappedAt: readonly TaskStart[] }>> {
    const swappedAt: TaskStart[] = [];
    const read = (row: PipelineRow): string[] =>
      topicsReadBy(row).flatMap(({ input, topic }) => (isInternal(input) ? [] : [topic]));
    const forked = read(fork);
    for (const topic of new Set([...read(main), ...forked])) {
      const request = { pipeline: name, fork: forked.includes(topic) ? fork.incarnation : undefined };
      const halted = await this.#on(topic, async (stub, partition) => {
        const answer = await stub.halt(request);
        if (answer.ok) swappedAt.push({ topic, partition, offset: answer.offset });
        return answer;
      });
      if (!halted.ok) return halted;
    }
    return { ok: true, swappedAt: swappedAt.toSorted((a, b) => a.partition - b.partition) };
  }

  /** What its tasks find in their logs is processed and delivered, in the order in which they feed each other. */
  async #drain(name: string, row: PipelineRow): Promise<Answer> {
    for (const { topic } of topicsReadBy(row)) {
      const request = { pipeline: name, incarnation: row.incarnation, timeoutMs: WAIT_MS };
      const drained = await this.#on(topic, (stub) => stub.drain(request));
      if (!drained.ok) return drained;
    }
    return { ok: true };
  }

  /** The fork is the pipeline now; of the one before only what ends is left. */
  async #replace({ name, main, fork }: Fork): Promise<void> {
    const { table, plans } = this.#parts;
    const former = [...new Set([...listOf(main.former), ...topicsReadBy(main).map(({ topic }) => topic)])];
    const live = JSON.stringify([...liveOf(main), fork.incarnation]);
    const row: PipelineRow = { ...fork, name, state: main.state, error: null, former: JSON.stringify(former), live };
    table.put(row);
    table.remove(fork.name);
    await this.#starter.retireFormer(name);
    const plan = plans.get(name, fork.version);
    if (plan !== undefined) await this.#starter.tellLive(plan, row);
  }

  async #abandon(name: string, fork: PipelineRow): Promise<Answer> {
    const { table, topics } = this.#parts;
    const main = table.get(name);
    for (const { topic } of topicsReadBy(fork)) {
      const request = { pipeline: name, before: 0, only: fork.incarnation, waitMs: WAIT_MS };
      const ended = await this.#on(topic, (stub) => stub.retire(request));
      if (!ended.ok) return ended;
    }
    for (const { topic } of main === undefined ? [] : topicsReadBy(main)) {
      const released = await this.#on(topic, (stub) => stub.goOn({ pipeline: name }));
      if (!released.ok) return released;
    }
    for (const { input, topic } of topicsReadBy(fork)) {
      if (!isInternal(input) || topics.table.get(topic) === undefined) continue;
      const deleted = await topics.delete(topic);
      if (!deleted.ok) return deleted;
    }
    table.remove(fork.name);
    return { ok: true };
  }

  async #on(topic: string, call: Parameters<typeof onEveryPartition>[2]): Promise<Answer> {
    const open = this.#parts.topics.table.open(topic);
    return open === undefined ? { ok: true } : onEveryPartition(this.#parts.namespace, open, call);
  }
}

function isEnding({ state }: PipelineRow): boolean {
  return state === "swapping" || state === "unmuting" || state === "abandoning";
}

function noFork(name: string): Refusal {
  return refuse("not_found", `pipeline ${name} has no fork`, { hint: `POST /v1/pipelines/${name}/fork` });
}

function goesOn(what: string, why: string): Refusal {
  return refuse("overloaded", `${what} has begun and goes on: ${why}`, {
    hint: "GET /v1/pipelines/{name} says how far it is",
  });
}
