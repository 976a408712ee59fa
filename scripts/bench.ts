// `npm run bench`: what the embedded engine does on this machine, beside a bare probe.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { measureAggregate } from "./bench/aggregate.ts";
import { type Engines, measureAppend } from "./bench/append.ts";
import { measureLatency } from "./bench/latency.ts";
import { MemoryWatch } from "./bench/memory-watch.ts";
import { withReport } from "./bench/readme.ts";
import { type Figures, report } from "./bench/report.ts";
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
  const append = await appends(engines, extent);
  say("single records");
  const singles = { count: 3_000 * extent.scale };
  const latency = [
    await measureLatency(engines, { bytes: 100, ...singles }),
    await measureLatency(engines, { bytes: 1_000, ...singles }),
  ];
  await engines.probe.stop();
  const aggregate = await aggregates(engines, extent);
  const peak = memory.stop();
  await engines.platform.stop();
  say("restart");
  const restart = await measureRestart(stage, { count: 1_000_000 * extent.scale, runs: extent.runs });
  return { append, latency, aggregate, restart, memory: peak };
}

async function appends(engines: Engines, { runs, scale }: Extent): Promise<Figures["append"]> {
  // Both engines have compiled what they need, and the SDK too.
  await measureAppend(engines, { bytes: 100, partitions: 2, count: 100_000, keys: 1_000, runs: 1 });
  const figures = [];
  for (const { bytes, count } of [
    { bytes: 100, count: 400_000 * scale },
    { bytes: 1_000, count: 80_000 * scale },
  ]) {
    for (const partitions of [1, 4]) {
      say(`append, ${bytes} bytes, ${partitions} partitions`);
      figures.push(await measureAppend(engines, { bytes, partitions, count, keys: 1_000, runs }));
    }
  }
  return figures;
}

async function aggregates({ platform }: Engines, { runs, scale }: Extent): Promise<Figures["aggregate"]> {
  const figures = [];
  for (const keys of [100, 10_000]) {
    for (const partitions of [1, 4]) {
      say(`windows, ${keys} keys, ${partitions} partitions`);
      figures.push(await measureAggregate(platform, { count: 400_000 * scale, keys, partitions, runs }));
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
