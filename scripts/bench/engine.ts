// An engine of the benchmark as a process of its own: like serve.ts, with another Worker.
//
//   node scripts/bench/engine.ts --port 0 --data DIR      the platform with the benchmark's pipelines
//   MILLRACE_BENCH=probe …                                 the bare probe
import "../engine/quick-start.ts";
import { join } from "node:path";
import { type BundleSource, root } from "../engine/bundle.ts";
import { engineFlags, flagsOf, folderOf, portOf, run } from "../engine/command-line.ts";
import { startEngine } from "../engine/engine.ts";
import { stopOnSignal } from "../engine/shutdown.ts";

const worker = join(root, "scripts/bench/worker");
const full: BundleSource = { entry: join(worker, "full.ts"), config: join(root, "wrangler.toml") };
const probe: BundleSource = { entry: join(worker, "probe.ts"), config: join(worker, "probe.toml") };

await run(async () => {
  const { port, data } = flagsOf(engineFlags, "");
  const bare = process.env["MILLRACE_BENCH"] === "probe";
  const start = startEngine({
    dataDir: folderOf(data),
    port: portOf(port ?? "0"),
    source: bare ? probe : full,
    cron: !bare,
  });
  stopOnSignal(start);
  process.stdout.write(`ready ${(await start).url}\n`);
});
