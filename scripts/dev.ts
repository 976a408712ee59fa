// `npm run dev`: wrangler's development server, which reloads on every change, on the data of `npm start` and
// `npm run serve`. Arguments go to `wrangler dev`.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { root } from "./engine/bundle.ts";
import { folderOf, run } from "./engine/command-line.ts";
import { FolderLock } from "./engine/folder-lock.ts";
import { whenNpmEnds } from "./engine/parents.ts";

await run(async () => {
  const dataDir = folderOf(undefined);
  // wrangler knows of no lock. The system releases it when this process ends, in whatever way.
  const lock = await FolderLock.take(dataDir);
  const args = ["dev", "--persist-to", dataDir, "--var", "MILLRACE_AUTH:off", ...process.argv.slice(2)];
  const child = spawn(join(root, "node_modules/.bin/wrangler"), args, {
    cwd: root,
    env: { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_LOG_PATH: join(root, ".wrangler/logs") },
    stdio: "inherit",
  });
  // A terminal sends Ctrl-C to wrangler too.
  process.on("SIGINT", () => {});
  for (const signal of ["SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
  whenNpmEnds(() => child.kill("SIGTERM"));
  child.on("exit", (code) => {
    lock.release();
    process.exit(code ?? 1);
  });
});
