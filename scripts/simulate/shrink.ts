import { run, type RunOptions, type RunOutcome } from "./run.ts";
import type { PlannedBatch, PlannedProducer, RunPlan } from "./workload/plan.ts";

export interface Shrunk {
  readonly plan: RunPlan;
  readonly outcome: RunOutcome;
  /** Smaller plans that were tried. */
  readonly tried: number;
}

export interface ShrinkOptions extends RunOptions {
  /** 600 unless given. */
  readonly maxTries?: number | undefined;
}

const MAX_TRIES = 600;

/** The smallest plan found that still fails in the same way: each try leaves something out and runs again (SIM-8). */
export async function shrink(plan: RunPlan, outcome: RunOutcome, options: ShrinkOptions = {}): Promise<Shrunk> {
  return new Shrinker(plan, outcome, options).smallest();
}

/** A plan with one thing less. */
type Smaller = (plan: RunPlan) => RunPlan;

class Shrinker {
  #plan: RunPlan;
  #outcome: RunOutcome;
  #tried = 0;
  readonly #maxTries: number;
  readonly #options: RunOptions;

  constructor(plan: RunPlan, outcome: RunOutcome, { maxTries = MAX_TRIES, ...options }: ShrinkOptions) {
    this.#maxTries = maxTries;
    this.#options = options;
    this.#plan = { ...plan, only: outcome.happened };
    this.#outcome = outcome;
  }

  async smallest(): Promise<Shrunk> {
    for (let smaller = true; smaller && this.#tried < this.#maxTries;) smaller = await this.#round();
    return { plan: this.#plan, outcome: this.#outcome, tried: this.#tried };
  }

  /** Answers whether it left anything out. */
  async #round(): Promise<boolean> {
    const simpler = await this.#each(SIMPLER);
    const pipelines = await this.#drop(({ pipelines: all }) => all.length, withoutPipelines);
    const changes = await this.#drop(({ changes: all }) => all?.length ?? 0, withoutChanges);
    const producers = await this.#drop(({ producers: all }) => all.length, withoutProducers);
    const faults = await this.#drop(({ only }) => only?.length ?? 0, withoutFaults);
    const batches = await this.#drop((plan) => batchesOf(plan).length, withoutBatches);
    const records = await this.#drop((plan) => recordsOf(plan).length, withoutRecords);
    return simpler || pipelines || changes || producers || faults || batches || records;
  }

  async #each(ways: readonly Smaller[]): Promise<boolean> {
    let any = false;
    for (const way of ways) any = (await this.#try(way(this.#plan))) || any;
    return any;
  }

  /** Leaves out as much as it can at once: half, then quarters, down to single things. */
  async #drop(
    count: (plan: RunPlan) => number,
    without: (plan: RunPlan, from: number, to: number) => RunPlan,
  ): Promise<boolean> {
    let any = false;
    for (let size = Math.ceil(count(this.#plan) / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let from = 0; from < count(this.#plan);) {
        const gone = await this.#try(without(this.#plan, from, from + size));
        if (gone) any = true;
        else from += size;
      }
    }
    return any;
  }

  async #try(plan: RunPlan): Promise<boolean> {
    if (this.#tried >= this.#maxTries || JSON.stringify(plan) === JSON.stringify(this.#plan)) return false;
    this.#tried++;
    const outcome = await run(plan, this.#options);
    if (kindOf(outcome) !== kindOf(this.#outcome)) return false;
    this.#outcome = outcome;
    // Faults that did not come about are of no use.
    this.#plan = { ...plan, only: outcome.happened };
    return true;
  }
}

/** Of its first failure: the rule that does not hold, and what it says before the first number. */
function kindOf({ failures }: RunOutcome): string {
  return /^SIM-\d+: [^0-9(]*/.exec(failures[0] ?? "")?.[0] ?? "";
}

const SIMPLER: readonly Smaller[] = [
  (plan) => ({ ...plan, prompt: true }),
  (plan) => ({ ...plan, topics: plan.topics.map((topic) => ({ ...topic, partitions: 1 })) }),
  (plan) => ({
    ...plan,
    topics: plan.topics.map((topic) => ({ ...topic, partitions: Math.min(2, topic.partitions) })),
  }),
  (plan) => ({ ...plan, pipelines: plan.pipelines.map((each) => ({ ...each, outputPartitions: 1 })) }),
  (plan) => ({ ...plan, pipelines: plan.pipelines.map((each) => ({ ...each, trigger: "perEvent" })) }),
  (plan) => ({
    ...plan,
    producers: mapBatches(plan, (batch) => ({ ...batch, pauseMs: 0 })),
  }),
];

/** With the topics and producers that nobody needs any more. */
function withoutPipelines(plan: RunPlan, from: number, to: number): RunPlan {
  const pipelines = plan.pipelines.filter((_, index) => index < from || index >= to);
  const topics = plan.topics.filter(({ name }) => pipelines.some(({ sources }) => sources.includes(name)));
  const producers = plan.producers.filter(({ topic }) => topics.some(({ name }) => name === topic));
  const changes = plan.changes?.filter(({ pipeline }) => pipelines.some(({ name }) => name === pipeline));
  return { ...plan, pipelines, topics, producers, changes };
}

function withoutChanges(plan: RunPlan, from: number, to: number): RunPlan {
  return { ...plan, changes: plan.changes?.filter((_, index) => index < from || index >= to) };
}

function withoutProducers(plan: RunPlan, from: number, to: number): RunPlan {
  return { ...plan, producers: plan.producers.filter((_, index) => index < from || index >= to) };
}

function withoutFaults(plan: RunPlan, from: number, to: number): RunPlan {
  return { ...plan, only: plan.only?.filter((_, index) => index < from || index >= to) };
}

function batchesOf({ producers }: RunPlan): readonly PlannedBatch[] {
  return producers.flatMap(({ batches }) => batches);
}

function recordsOf(plan: RunPlan): readonly unknown[] {
  return batchesOf(plan).flatMap(({ records }) => records);
}

function withoutBatches(plan: RunPlan, from: number, to: number): RunPlan {
  let index = 0;
  return {
    ...plan,
    producers: plan.producers.map((producer) => ({
      ...producer,
      batches: producer.batches.filter(() => index++ < from || index > to),
    })),
  };
}

function withoutRecords(plan: RunPlan, from: number, to: number): RunPlan {
  let index = 0;
  const producers = mapBatches(plan, (batch) => ({
    ...batch,
    records: batch.records.filter(() => index++ < from || index > to),
  }));
  return {
    ...plan,
    producers: producers.map((producer) => ({
      ...producer,
      batches: producer.batches.filter(({ records }) => records.length > 0),
    })),
  };
}

function mapBatches({ producers }: RunPlan, change: (batch: PlannedBatch) => PlannedBatch): PlannedProducer[] {
  return producers.map((producer) => ({ ...producer, batches: producer.batches.map(change) }));
}
