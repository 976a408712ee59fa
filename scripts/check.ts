// `npm run check`: everything that can be said without starting a runtime, the quickest first. Stops at the first
// failure.
import { spawnSync } from "node:child_process";

const steps: readonly (readonly [name: string, command: string, ...args: string[]])[] = [
  ["format", "oxfmt", "--check"],
  ["lint", "oxlint", "--deny-warnings"],
  ["types", "tsc", "-b"],
  ["rules", "node", "scripts/rules.ts"],
  ["node tests", "vitest", "run", "--project", "node"],
];

for (const [name, command, ...args] of steps) {
  const startedMs = performance.now();
  const { status, error } = spawnSync(command, args, { stdio: "inherit" });
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  console.log(`${status === 0 ? "ok" : "FAILED"}: ${name} (${seconds} s)`);
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}
