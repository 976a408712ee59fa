// The engine that is killed again and again, as a process of its own: like serve.ts, with another Worker.
import "../engine/quick-start.ts";
import { engineFlags, flagsOf, folderOf, portOf, run } from "../engine/command-line.ts";
import { startEngine } from "../engine/engine.ts";
import { stopOnSignal } from "../engine/shutdown.ts";
import { shopWorker } from "./source.ts";

await run(async () => {
  const { port, data } = flagsOf(engineFlags, "");
  const start = startEngine({ dataDir: folderOf(data), port: portOf(port ?? "0"), source: shopWorker });
  stopOnSignal(start);
  process.stdout.write(`ready ${(await start).url}\n`);
});
