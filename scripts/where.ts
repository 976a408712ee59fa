// Reads a text with places of the bundle, such as the stacks of dead letters, and prints it with places of its sources.
import { existsSync, readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { mapFileOf, platform } from "./engine/bundle.ts";
import { flagsOf, folderOf, run } from "./engine/command-line.ts";
import { EngineError } from "./engine/engine-error.ts";
import { inSources } from "./engine/source-places.ts";

const help = `curl -s …/dead-letters | node scripts/run.mjs scripts/where.ts [--map FILE]

Prints what it reads with the places of the bundle (index.js:19117:33) as places of its sources.

  --map FILE  the source map of the bundle; that of npm run serve and npm start unless given`;

await run(async () => {
  const { map } = flagsOf({ map: { type: "string" }, help: { type: "boolean", short: "h", default: false } }, help);
  const file = map === undefined ? mapFileOf(platform) : folderOf(map);
  if (!existsSync(file)) throw new EngineError("usage", `There is no ${file}.\n\n${help}`);
  process.stdout.write(inSources(await text(process.stdin), JSON.parse(readFileSync(file, "utf8"))));
});
