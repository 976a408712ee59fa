// `npm run simulate`: the engine on a simulated platform in which everything goes wrong that may.
import "./simulate/platform/register.ts";
import { EngineError } from "./engine/engine-error.ts";
import { flagsOf, run } from "./engine/command-line.ts";

const help = `npm run simulate -- [--seed N] [--runs M] [--keep]

Runs the objects of the shell on a simulated platform: crashes between any two steps, calls that are lost, doubled or late,
alarms that come again. A seed always gives the same run. A run that fails is made as small as possible and printed.

  --seed N  the first seed; another one each time unless given
  --runs M  so many seeds from there on, 100 unless given
  --keep    adds the small run to scripts/simulate/regressions.json, which the tests replay`;

const MAX_SEED = 2 ** 31;

function wholeNumber(flag: string, text: string): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number < MAX_SEED) return number;
  throw new EngineError("usage", `${flag} takes a whole number below ${MAX_SEED}, not ${JSON.stringify(text)}.`);
}

await run(async () => {
  const flags = flagsOf(
    {
      seed: { type: "string" },
      runs: { type: "string", default: "100" },
      keep: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
    help,
  );
  const { seed = String(Math.floor((Math.random() * MAX_SEED) / 2)), runs, keep } = flags;
  const { simulate } = await import("./simulate/main.ts");
  const whole = await simulate({ seed: wholeNumber("--seed", seed), runs: wholeNumber("--runs", runs), keep });
  process.exitCode = whole ? 0 : 1;
});
