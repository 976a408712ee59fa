import { join, resolve } from "node:path";
import { parseArgs, type ParseArgsConfig } from "node:util";
import { root } from "./bundle.ts";
import { EngineError } from "./engine-error.ts";

/** `--port` and `--data`, which every command that runs an engine has. */
export const engineFlags = {
  port: { type: "string" },
  data: { type: "string" },
  help: { type: "boolean", short: "h", default: false },
} as const;

type Flags = NonNullable<ParseArgsConfig["options"]>;

/** The flags among `args`, which are the command's unless given. Prints `help` and ends with 0 when asked for it; throws an EngineError for one that there is not. */
export function flagsOf<Options extends Flags>(options: Options, help: string, args = process.argv.slice(2)) {
  let values;
  try {
    ({ values } = parseArgs({ args, options, strict: true, allowPositionals: false }));
  } catch (error) {
    throw new EngineError("usage", `${error instanceof Error ? error.message : String(error)}\n\n${help}`);
  }
  if ("help" in values && values.help === true) {
    process.stdout.write(`${help}\n`);
    process.exit(0);
  }
  return values;
}

export function portOf(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new EngineError("usage", `--port takes a number from 0 (a free one) to 65535, not ${JSON.stringify(text)}.`);
}

/** `--data`, relative to where npm was called: it changes into the repository. Without it, `.millrace` there. */
export function folderOf(path: string | undefined): string {
  if (path === undefined) return join(root, ".millrace");
  return resolve(process.env["INIT_CWD"] ?? process.cwd(), path);
}

/** Runs a command's `main`; what a person can put right is printed without a stack. */
export async function run(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(error.code === "usage" ? 2 : 1);
  }
}
