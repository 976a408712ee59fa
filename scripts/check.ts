// `npm run check`: everything that can be said without starting a runtime, the quickest first. Stops at the first stage
// that fails.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";

type Step = readonly [name: string, command: string, ...args: string[]];

/** Steps of one stage run side by side: each leaves a core free most of the time. */
const stages: readonly (readonly Step[])[] = [
  [["format", "oxfmt", "--check"]],
  [["rules", "node", "scripts/rules.ts"]],
  [
    ["lint", "oxlint", "--deny-warnings"],
    // With more checkers each would know the same types once more, and the linter waits for a core.
    ["types", "tsc", "-b", "--checkers", "1"],
  ],
  [["node tests", "vitest", "run", "--project", "node"]],
];

/** The compiler and the linter are Go programs that end soon: collecting garbage seldom takes a quarter off their work. */
const env = { ...process.env, GOGC: "400" };

/** Resolves with the exit status. What it says comes at once where it runs alone, else in one piece at its end. */
async function run([name, command, ...args]: Step, alone: boolean): Promise<number> {
  const startedMs = performance.now();
  const child = spawn(command, args, { env, stdio: alone ? "inherit" : ["ignore", "pipe", "pipe"] });
  const said = [child.stdout, child.stderr].map((stream) => (stream === null ? Promise.resolve("") : text(stream)));
  const [status] = (await once(child, "close")) as [number | null];
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  process.stdout.write((await Promise.all(said)).join(""));
  console.log(`${status === 0 ? "ok" : "FAILED"}: ${name} (${seconds} s)`);
  return status ?? 1;
}

for (const stage of stages) {
  const statuses = await Promise.all(stage.map((step) => run(step, stage.length === 1)));
  const failed = statuses.find((status) => status !== 0);
  if (failed !== undefined) process.exit(failed);
}
