import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** The repository. */
export const root = dirname(dirname(import.meta.dirname));

/** The export of every bundle that the engine's port speaks to (front.ts). */
export const FRONT = "EngineFront";

/** Absolute paths of a Worker's first module and of the wrangler.toml with its bindings. */
export interface BundleSource {
  readonly entry: string;
  readonly config: string;
}

/** A Worker as Miniflare takes it: what `scripts/build.ts` writes. */
export interface Bundle {
  /** Of everything it was made from. */
  readonly hash: string;
  /** Absolute paths of our own modules in it. */
  readonly inputs: readonly string[];
  readonly name: string;
  readonly workerOptions: object;
  readonly code: string;
}

export const platform: BundleSource = { entry: join(root, "workers/index.ts"), config: join(root, "wrangler.toml") };

/** Reads the bundle in `dist/`, after making it where it is missing or an input has changed (LOC-2). */
export async function bundleOf(
  source: BundleSource,
): Promise<Bundle & { readonly file: string; readonly made: boolean }> {
  const file = fileOf(source);
  const known = read(file);
  if (known !== undefined && known.hash === hashOf(source, known.inputs)) return { ...known, file, made: false };
  await build(source, file);
  const made = read(file);
  if (made === undefined) throw new Error(`scripts/build.ts did not write ${file}`);
  return { ...made, file, made: true };
}

/** Moving the repository changes it too: a bundle holds absolute paths. */
export function hashOf({ entry, config }: BundleSource, inputs: readonly string[]): string {
  const hash = createHash("sha256").update(`${entry}\n${config}\n`);
  const settings = [join(root, "scripts/build.ts"), join(root, "package-lock.json"), join(root, ".dev.vars"), config];
  for (const path of [...settings, ...inputs]) {
    hash.update(existsSync(path) ? readFileSync(path) : "missing").update("\0");
  }
  return hash.digest("hex");
}

/** Of the code in the bundle, written beside it. */
export function mapFileOf(source: BundleSource): string {
  return fileOf(source).replace(/json$/, "map");
}

function fileOf(source: BundleSource): string {
  if (source.entry === platform.entry && source.config === platform.config) return join(root, "dist", "engine.json");
  const id = createHash("sha256").update(`${source.entry}\n${source.config}`).digest("hex").slice(0, 8);
  return join(root, "dist", `${basename(source.entry, ".ts")}-${id}.json`);
}

function read(file: string): Bundle | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Bundle) : undefined;
}

function build({ entry, config }: BundleSource, out: string): Promise<void> {
  const child = spawn(process.execPath, [join(root, "scripts/build.ts"), entry, config, out], {
    cwd: root,
    // Otherwise wrangler writes its logs into the home folder.
    env: { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_LOG_PATH: join(root, ".wrangler/logs") },
    stdio: ["ignore", process.stderr, process.stderr],
  });
  return new Promise((done, failed) => {
    child.on("error", failed);
    child.on("exit", (code) => {
      if (code === 0) done();
      else failed(new Error(`building ${entry} failed`));
    });
  });
}
