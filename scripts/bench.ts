// `npm run bench`: what the embedded engine does on this machine, beside a bare probe.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { measureAggregate } from "./bench/aggregate.ts";
import { type Engines, measureAppend } from "./bench/append.ts";
import { measureCatchUp } from "./bench/catch-up.ts";
import { measureLatency } from "./bench/latency.ts";
import { EngineWatch, type Resident } from "./bench/engine-watch.ts";
import { megabytes, setting } from "./bench/markdown.ts";
import { DEFAULT_EVENTS, nexmarkFlags, nexmarkOptions } from "./bench/nexmark/options.ts";
import { queries } from "./bench/nexmark/queries/all.ts";
import { nexmarkReport } from "./bench/nexmark/report.ts";
import { measureNexmark } from "./bench/nexmark/run.ts";
import { type Block, withBlock } from "./bench/readme.ts";
import { type Figures, report } from "./bench/report.ts";
import { measureRestart } from "./bench/restart.ts";
import { Stage } from "./bench/stage.ts";
import { root } from "./engine/bundle.ts";
import { flagsOf, run } from "./engine/command-line.ts";
import type { EngineProcess } from "./engine/engine-process.ts";

const help = `npm run bench -- [--quick] [--write]
npm run bench -- nexmark [--queries q0,q5] [--events N] [--partitions 1,4] [--write]

Measures the embedded engine and prints the figures. Talks to 127.0.0.1 only.

  --quick       a tenth of the records and one run each: to see whether it works
  --write       also puts the figures between the <!-- bench --> markers of README.md; of "nexmark", between its own

"nexmark" measures the Nexmark queries alone, and holds their results against SQLite:

  --queries     which; all that have a pipeline unless told
  --events      of all kinds; 250000 unless told
  --partitions  of every topic, one number after another; 1,4 unless told`;

/** Ends one that hangs. */
const DEADLINE_MS = 2 * 3_600_000;

interface Extent {
  readonly runs: number;
  /** Multiplies the numbers of records. */
  readonly scale: number;
}

async function measure(stage: Stage, extent: Extent): Promise<Figures> {
  const engines: Engines = { platform: stage.start("platform", "platform"), probe: stage.start("probe", "probe") };
  await Promise.all([engines.platform.ready, engines.probe.ready]);
  const watch = new Watch(stage, "platform");
  const append = await appends(engines, extent, watch.step);
  const latency = await latencies(engines, extent, watch.step);
  await engines.probe.stop();
  await engines.platform.stop();
  const peaks = [watch.stop()];
  /** In an engine of its own. */
  const apart = async <T>(name: string, work: (engine: EngineProcess, step: Step) => Promise<T>): Promise<T> => {
    const engine = stage.start("platform", name);
    await engine.ready;
    const its = new Watch(stage, name);
    const result = await work(engine, its.step);
    peaks.push(its.stop());
    await stage.discard(engine, name);
    return result;
  };
  const { runs, scale } = extent;
  const catchUp = await apart("catch-up", (engine, step) =>
    step("single records while a pipeline catches up", () =>
      measureCatchUp(engine, { count: 1_000_000 * scale, runs }),
    ),
  );
  const aggregate: Figures["aggregate"][number][] = [];
  for (const keys of [100, 10_000]) {
    for (const partitions of [1, 4]) {
      const shape = { count: 400_000 * scale, keys, partitions, runs };
      const name = `windows, ${keys} keys, partitions: ${partitions}`;
      const work = (engine: EngineProcess, step: Step) => step(name, () => measureAggregate(engine, shape));
      aggregate.push(await apart(`windows-${keys}-${partitions}`, work));
    }
  }
  const memory = peaks.reduce((most, peak) => (sizeOf(peak) > sizeOf(most) ? peak : most));
  const restart = await measureRestart(stage, { count: 1_000_000 * scale, runs });
  say("restart: done");
  const options = nexmarkOptions({ events: String(DEFAULT_EVENTS * scale) }, queries);
  const nexmark = await measureNexmark(stage, options, say);
  return { append, latency, catchUp, aggregate, restart, memory, nexmark };
}

/** An engine's memory, measurement by measurement. */
class Watch {
  readonly #memory: EngineWatch;

  constructor(stage: Stage, name: string) {
    this.#memory = new EngineWatch(stage.folder(name));
  }

  readonly step: Step = async (name, work) => {
    const figures = await work();
    say(`${name}: done, engine at most ${megabytes(sizeOf(this.#memory.stage()))}`);
    return figures;
  };

  stop(): Resident {
    return this.#memory.stop();
  }
}

function sizeOf({ node, workerd }: Resident): number {
  return node + workerd;
}

/** Runs one measurement and says that it is done. */
type Step = <T>(name: string, work: () => Promise<T>) => Promise<T>;

async function appends(engines: Engines, { runs, scale }: Extent, step: Step): Promise<Figures["append"]> {
  const shapes = [
    { bytes: 100, count: 400_000 * scale, keys: 1_000, runs },
    { bytes: 1_000, count: 80_000 * scale, keys: 1_000, runs },
  ];
  // Both engines have then compiled what they need, and the SDK too.
  await measureAppend(engines, { bytes: 100, partitions: 2, count: 100_000, keys: 1_000, runs: 1 });
  const figures = [];
  for (const shape of shapes) {
    for (const partitions of [1, 4]) {
      const work = () => measureAppend(engines, { ...shape, partitions });
      figures.push(await step(`append, ${shape.bytes} bytes, partitions: ${partitions}`, work));
    }
  }
  return figures;
}

async function latencies(engines: Engines, { scale }: Extent, step: Step): Promise<Figures["latency"]> {
  const figures = [];
  for (const bytes of [100, 1_000]) {
    const work = () => measureLatency(engines, { bytes, count: 3_000 * scale });
    figures.push(await step(`single records, ${bytes} bytes`, work));
  }
  return figures;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

const README = join(root, "README.md");

function print(block: Block, text: string, write: boolean): void {
  process.stdout.write(`${text}\n`);
  if (write) writeFileSync(README, withBlock(readFileSync(README, "utf8"), block, text));
}

async function benchAll(args: readonly string[]): Promise<void> {
  const options = {
    quick: { type: "boolean" },
    write: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  } as const;
  const { quick = false, write = false } = flagsOf(options, help, [...args]);
  if (write) withBlock(readFileSync(README, "utf8"), "bench", "");
  const extent = quick ? { runs: 1, scale: 0.1 } : { runs: 4, scale: 1 };
  const figures = await measure(new Stage(), extent);
  const command = `npm run bench${quick ? " -- --quick" : ""}`;
  print("bench", report(figures, { command, runs: extent.runs }), write);
}

async function benchNexmark(args: readonly string[]): Promise<void> {
  const options = {
    ...nexmarkFlags,
    write: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  } as const;
  const { write = false, ...flags } = flagsOf(options, help, [...args]);
  if (write) withBlock(readFileSync(README, "utf8"), "nexmark", "");
  const figures = await measureNexmark(new Stage(), nexmarkOptions(flags, queries), say);
  const command = ["npm run bench -- nexmark", ...args.filter((arg) => arg !== "--write")].join(" ");
  print("nexmark", `${setting(command)}.\n\n${nexmarkReport(figures)}`, write);
}

await run(async () => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(130));
  const deadline = setTimeout(() => {
    say(`not done after ${DEADLINE_MS / 60_000} minutes`);
    process.exit(1);
  }, DEADLINE_MS);
  const [command, ...rest] = process.argv.slice(2);
  if (command === "nexmark") await benchNexmark(rest);
  else await benchAll(process.argv.slice(2));
  clearTimeout(deadline);
  process.exit(0);
});
