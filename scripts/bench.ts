// `npm run bench`: what the embedded engine does on this machine, beside a bare probe.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { measureAggregate } from "./bench/aggregate.ts";
import { type Engines, measureAppend } from "./bench/append.ts";
import { measureLatency } from "./bench/latency.ts";
import { MemoryWatch } from "./bench/memory-watch.ts";
import { withReport } from "./bench/readme.ts";
import { type Figures, megabytes, report } from "./bench/report.ts";
import { measureRestart } from "./bench/restart.ts";
import { Stage } from "./bench/stage.ts";
import { root } from "./engine/bundle.ts";
import { flagsOf, run } from "./engine/command-line.ts";

const help = `npm run bench -- [--quick] [--write]

Measures the embedded engine and prints the figures, in three to five minutes. Talks to 127.0.0.1 only.

  --quick  a tenth of the records and one run each, in half a minute: to see whether it works
  --write  also puts the figures between the <!-- bench --> markers of README.md`;

const DEADLINE_MS = 15 * 60_000;

interface Extent {
  readonly runs: number;
  /** Multiplies the numbers of records. */
  readonly scale: number;
}

async function measure(stage: Stage, extent: Extent): Promise<Figures> {
  const engines: Engines = { platform: stage.start("platform", "platform"), probe: stage.start("probe", "probe") };
  await Promise.all([engines.platform.ready, engines.probe.ready]);
  const memory = new MemoryWatch(stage.folder("platform"));
  const step: Step = async (name, work) => {
    const figures = await work();
    const { node, workerd } = memory.stage();
    say(`${name}: done, engine at most ${megabytes(node + workerd)}`);
    return figures;
  };
  const append = await appends(engines, extent, step);
  const latency = await latencies(engines, extent, step);
  await engines.probe.stop();
  const aggregate = await aggregates(engines, extent, step);
  const peak = memory.stop();
  await engines.platform.stop();
  const restart = await measureRestart(stage, { count: 1_000_000 * extent.scale, runs: extent.runs });
  say("restart: done");
  return { append, latency, aggregate, restart, memory: peak };
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

async function aggregates({ platform }: Engines, { runs, scale }: Extent, step: Step): Promise<Figures["aggregate"]> {
  const figures = [];
  for (const keys of [100, 10_000]) {
    for (const partitions of [1, 4]) {
      const work = () => measureAggregate(platform, { count: 400_000 * scale, keys, partitions, runs });
      figures.push(await step(`windows, ${keys} keys, partitions: ${partitions}`, work));
    }
  }
  return figures;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

await run(async () => {
  const options = {
    quick: { type: "boolean" },
    write: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  } as const;
  const { quick = false, write = false } = flagsOf(options, help);
  const readme = join(root, "README.md");
  if (write) withReport(readFileSync(readme, "utf8"), "");
  const deadline = setTimeout(() => {
    say(`not done after ${DEADLINE_MS / 60_000} minutes`);
    process.exit(1);
  }, DEADLINE_MS);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(130));
  const extent = quick ? { runs: 1, scale: 0.1 } : { runs: 4, scale: 1 };
  const figures = await measure(new Stage(), extent);
  clearTimeout(deadline);
  const text = report(figures, { command: `npm run bench${quick ? " -- --quick" : ""}`, runs: extent.runs });
  process.stdout.write(`${text}\n`);
  if (write) writeFileSync(readme, withReport(readFileSync(readme, "utf8"), text));
  process.exit(0);
});
