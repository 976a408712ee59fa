// `npm run serve`: the platform alone, on this machine.
import "./engine/quick-start.ts";
import { engineFlags, flagsOf, folderOf, portOf, run } from "./engine/command-line.ts";
import { startEngine } from "./engine/engine.ts";
import { stopOnSignal } from "./engine/shutdown.ts";

const help = `npm run serve -- [--port 8787] [--data .millrace]

Runs Millrace on this machine, without authentication, on 127.0.0.1. Prints "ready http://127.0.0.1:PORT" when it
answers, and runs until it is interrupted.

  --port N    the port; 0 is a free one (default 8787)
  --data DIR  where everything is kept; a later start finds it (default .millrace in the repository)`;

await run(async () => {
  const { port, data } = flagsOf(engineFlags, help);
  const start = startEngine({ dataDir: folderOf(data), port: portOf(port ?? "8787") });
  stopOnSignal(start);
  process.stdout.write(`ready ${(await start).url}\n`);
});
