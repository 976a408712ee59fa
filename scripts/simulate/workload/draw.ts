import type { Fault, Rates } from "../faults.ts";
import { type Dice, Randomness } from "../random.ts";
import { GOES_ON } from "./changes.ts";
import { families } from "./pipelines.ts";
import type {
  ChangeKind,
  PlannedBatch,
  PlannedChange,
  PlannedPipeline,
  PlannedProducer,
  PlannedRecord,
  RunPlan,
} from "./plan.ts";

type Topics = readonly [RunPlan["topics"][number], ...RunPlan["topics"][number][]];

/** Which a run has, mostly: one kind of trouble at a time is seen best, all at once meet each other. */
const MOST: Rates = {
  crash: 0.03,
  blackout: 0.004,
  loseCall: 0.1,
  loseAnswer: 0.15,
  repeatCall: 0.15,
  late: 0.02,
  lateAlarm: 0.2,
  repeatAlarm: 0.2,
  slowDisk: 0.05,
};

/** The run of a seed. */
export function drawPlan(seed: number): RunPlan {
  const random = new Randomness(seed);
  const dice = random.of("plan");
  const topics = Array.from({ length: 2 }, (_, index) => ({
    name: `in${index + 1}`,
    partitions: dice.pick([1, 1, 2, 3, 4]),
  })) as unknown as Topics;
  const pipelines = withLaterKinds(random.of("later kinds"), drawPipelines(dice, topics));
  const read = topics.filter((topic) => pipelines.some(({ sources }) => sources.includes(topic.name)));
  const changes = [
    ...drawChanges(random.of("changes"), pipelines),
    ...drawTrims(random.of("trims"), { pipelines, topics: read }),
  ];
  const redriven = changes.some(({ kind }) => kind === "redrive" || kind === "redriveSome");
  const producers = read.flatMap(({ name }, index) =>
    Array.from({ length: dice.between(1, 2) }, (_, each) =>
      drawProducer(random.of(`producer ${index} ${each}`), {
        topic: name,
        id: 10 * (index + 1) + each,
        tombstones: tombstonesIn(name, pipelines),
        badRates: redriven ? [0.1, 0.3] : [0, 0, 0.1],
        ...flowOf(changes),
      }),
    ),
  );
  const rates = drawRates(dice);
  return { seed, topics: read, pipelines, producers, changes, rates, faultSteps: dice.pick([500, 1_500, 4_000]) };
}

const CHANGES: readonly [ChangeKind, ...ChangeKind[]] = [
  "reset",
  "clear",
  "upgrade",
  "redeploy",
  "mistake",
  "misfit",
  "outgrown",
  "swap",
  "swap",
  "abandon",
  "drop",
  "pause",
  "redrive",
  "redrive",
  "redriveSome",
];

/** Mostly none. */
function drawChanges(dice: Dice, pipelines: Pipelines): PlannedChange[] {
  if (dice.chance(0.65)) return [];
  return Array.from({ length: dice.pick([1, 1, 2]) }, () => {
    const { name, kind } = dice.pick(pipelines);
    const once = families[kind]?.once === true;
    const kinds = CHANGES.filter((change) => !once || GOES_ON.includes(change)) as [ChangeKind, ...ChangeKind[]];
    return { kind: dice.pick(kinds), pipeline: name, afterMs: dice.pick([0, 300, 2_000, 10_000]) };
  });
}

/** Seldom, and only what all readers can miss. */
function drawTrims(
  dice: Dice,
  { pipelines, topics }: { pipelines: readonly PlannedPipeline[]; topics: RunPlan["topics"] },
): PlannedChange[] {
  const taken = pipelines.filter(({ kind }) => families[kind]?.once === true).flatMap(({ sources }) => sources);
  const open = pipelines.filter(({ sources }) => sources.every((source) => !taken.includes(source)));
  if (open.length === 0 || topics.length === 0 || dice.chance(0.88)) return [];
  return Array.from({ length: dice.pick([1, 1, 3]) }, () => ({
    kind: "trim" as const,
    pipeline: dice.pick(open as [PlannedPipeline, ...PlannedPipeline[]]).name,
    afterMs: dice.pick([0, 300, 2_000, 5_000]),
    part: dice.pick([0.5, 0.9, 1, 1]),
  }));
}

type Pipelines = readonly [PlannedPipeline, ...PlannedPipeline[]];

/** Kinds that came when others had been found to show what they are for: they take the place of some, and all else stays. */
const LATER = ["rounds", "reminders"] as const;

function withLaterKinds(dice: Dice, pipelines: Pipelines): Pipelines {
  const fits = ({ kind }: PlannedPipeline): boolean => families[kind]?.sources === 1 && families[kind].batched !== true;
  return pipelines.map((each) =>
    dice.chance(0.08) && fits(each) ? { ...each, kind: dice.pick(LATER) } : each,
  ) as unknown as Pipelines;
}

function drawPipelines(dice: Dice, topics: Topics): Pipelines {
  const kinds = Object.keys(families).filter((kind) => !LATER.some((later) => later === kind)) as [string, ...string[]];
  return Array.from({ length: dice.pick([1, 1, 1, 2]) }, (_, index) => {
    const kind = dice.pick(kinds);
    const { sources, batched } = families[kind] ?? { sources: 1 };
    const from = sources === 2 ? topics.map((topic) => topic.name) : [dice.pick(topics).name];
    const trigger = dice.pick<PlannedPipeline["trigger"]>(
      batched === true ? ["every", "everyRecords"] : ["perEvent", "perEvent", "perEvent", "every", "everyRecords"],
    );
    const lateness = dice.pick<PlannedPipeline["lateness"]>(["none", "none", "some"]);
    return { kind, name: `p${index + 1}`, sources: from, trigger, lateness, outputPartitions: dice.between(1, 3) };
  }) as unknown as Pipelines;
}

/** A topic has tombstones where all that read it take them. */
function tombstonesIn(topic: string, pipelines: readonly PlannedPipeline[]): boolean {
  const readers = pipelines.filter(({ sources }) => sources.includes(topic));
  return readers.length > 0 && readers.every(({ kind }) => families[kind]?.tombstones === true);
}

/** Where something is changed records go on to come meanwhile. */
function flowOf(changes: readonly PlannedChange[]): Pick<ProducerParts, "batches" | "pausesMs"> {
  if (changes.some(({ kind }) => kind === "swap")) return { batches: [8, 18], pausesMs: [300, 2_000, 4_000] };
  const most = changes.every(({ kind }) => kind === "trim") ? [2_000] : [2_000, 8_000, 15_000];
  return { batches: [2, 12], pausesMs: [0, 0, 20, 300, ...most] };
}

interface ProducerParts {
  readonly topic: string;
  readonly id: number;
  readonly tombstones: boolean;
  readonly badRates: readonly [number, ...number[]];
  readonly batches: readonly [least: number, most: number];
  readonly pausesMs: readonly [number, ...number[]];
}

function drawProducer(
  dice: Dice,
  { topic, id, tombstones, badRates, batches: [least, most], pausesMs }: ProducerParts,
): PlannedProducer {
  const keys = Array.from({ length: dice.between(1, 4) }, (_, index) => `k${id}-${index}`) as [string, ...string[]];
  const badRate = dice.pick(badRates);
  let atMs = dice.between(0, 2_000);
  let count = 0;
  const record = (): PlannedRecord => {
    atMs += dice.pick([0, 10, 100, 700]);
    const jitterMs = dice.chance(0.3) ? dice.between(-1_500, 1_500) : 0;
    const n = dice.between(0, 20);
    const group = `g${dice.between(0, 3)}`;
    const bad = dice.chance(badRate) ? ({ bad: true } as const) : {};
    const value = tombstones && dice.chance(0.15) ? null : { id: `${id}.${count}`, n, group, ...bad };
    count++;
    return { key: dice.pick(keys), value, atMs: Math.max(0, atMs + jitterMs) };
  };
  const batches = Array.from({ length: dice.between(least, most) }, (): PlannedBatch => {
    const pauseMs = dice.pick(pausesMs);
    return { pauseMs, records: Array.from({ length: dice.between(1, 6) }, record) };
  });
  return { id, topic, batches };
}

function drawRates(dice: Dice): Rates {
  const strength = dice.pick([0.3, 1, 1]);
  const all = dice.chance(0.4);
  const rates = Object.entries(MOST).map(([fault, most]) => {
    const on = dice.chance(0.4);
    return [fault, all || on ? most * strength : 0] as const;
  });
  return Object.fromEntries(rates) as Record<Fault, number>;
}
