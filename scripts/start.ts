// `npm start`: the demo on the embedded engine.
import "./engine/quick-start.ts";
import { relative } from "node:path";
import { bold, blue, dim, say } from "./demo/terminal.ts";
import { engineFlags, flagsOf, folderOf, portOf, run } from "./engine/command-line.ts";
import type { Engine } from "./engine/engine.ts";
import { EngineError } from "./engine/engine-error.ts";
import { stopOnSignal } from "./engine/shutdown.ts";

const help = `npm start -- [--exit] [--port 8787] [--data .millrace]

Runs Millrace on this machine and replays 20,000 US flights through two pipelines. A later start goes on with what is there.

  --exit      end after the summary, instead of running until interrupted
  --port N    the port; 0 is a free one (default 8787, or a free one when that is taken)
  --data DIR  where everything is kept (default .millrace in the repository)`;

const startMs = performance.now();

async function start(dataDir: string, port: string | undefined): Promise<Engine> {
  // Loaded late: it takes most of a second, and the first line should be there at once.
  const { startEngine } = await import("./engine/engine.ts");
  try {
    return await startEngine({ dataDir, port: portOf(port ?? "8787") });
  } catch (error) {
    if (port !== undefined || !(error instanceof EngineError) || error.code !== "port_taken") throw error;
    say("Port 8787 is taken; using a free one.");
    return startEngine({ dataDir, port: 0 });
  }
}

await run(async () => {
  const flags = flagsOf({ ...engineFlags, exit: { type: "boolean", default: false } }, help);
  const dataDir = folderOf(flags.data);
  say(`${bold("Millrace")} ${dim(`starting; its data is in ${relative(process.cwd(), dataDir) || "."}`)}`);
  const starting = start(dataDir, flags.port);
  stopOnSignal(starting);
  const engine = await starting;
  const { runDemo } = await import("./demo/demo.ts");
  await runDemo(engine, { dataDir, startMs });
  if (flags.exit) {
    await engine.stop();
    process.exit(0);
  }
  say();
  say(`${bold(blue(engine.url))}  ${dim("the page; Ctrl-C ends it")}`);
});
