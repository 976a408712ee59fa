// Bundles a Worker and reads the bindings of its wrangler.toml:
//
//   node scripts/build.ts <entry> <wrangler.toml> <out.json>
//
// A process of its own, because importing wrangler costs 150 MB and a second that the engine must not pay. The engine
// calls it when an input has changed (engine/bundle.ts).
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { build } from "esbuild";
import { unstable_getMiniflareWorkerOptions, unstable_readConfig } from "wrangler";
import { type Bundle, type BundleSource, FRONT, hashOf, root } from "./engine/bundle.ts";

/** Names and modules that others stand in for. */
interface Replacements {
  readonly define: Record<string, string>;
  readonly alias: Record<string, string>;
}

/** The settings wrangler bundles Workers with. */
async function bundle(
  contents: string,
  { define, alias }: Replacements,
): Promise<{ code: string; map: string; inputs: string[] }> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    stdin: { contents, resolveDir: root, sourcefile: "engine.js" },
    bundle: true,
    write: false,
    outfile: join(root, "dist", "index.js"),
    sourcemap: "external",
    sourcesContent: false,
    metafile: true,
    format: "esm",
    target: "es2024",
    platform: "neutral",
    conditions: ["workerd", "worker", "browser"],
    mainFields: ["browser", "module", "main"],
    external: ["cloudflare:*", "node:*"],
    define,
    alias,
    logLevel: "warning",
  });
  // What is installed is known by the lock file.
  const inputs = Object.keys(metafile.inputs).filter((path) => path !== "engine.js" && !path.includes("node_modules/"));
  const written = (end: string): string => outputFiles.find(({ path }) => path.endsWith(end))?.text ?? "";
  return { code: written(".js"), map: written(".map"), inputs: inputs.map((path) => resolve(root, path)) };
}

type Assets = { readonly run_worker_first?: unknown } | undefined;

/** The Worker with the engine's way to it beside: see engine/front.ts. */
function frontedBy(entry: string, assets: Assets): string {
  const workerFirst = assets?.run_worker_first;
  const front = JSON.stringify(join(root, "scripts/engine/front.ts"));
  const patterns = JSON.stringify(Array.isArray(workerFirst) ? workerFirst : workerFirst === true ? ["/*"] : []);
  return `
    import worker from ${JSON.stringify(entry)};
    import { front } from ${front};
    export * from ${JSON.stringify(entry)};
    export default worker;
    export const ${FRONT} = front(worker, ${patterns});
  `;
}

async function main([entry, config, out]: readonly string[]): Promise<void> {
  if (entry === undefined || config === undefined || out === undefined) {
    throw new Error("usage: build.ts <entry> <wrangler.toml> <out.json>");
  }
  const source: BundleSource = { entry, config };
  const { name, alias = {} } = unstable_readConfig({ config });
  const { workerOptions, define } = unstable_getMiniflareWorkerOptions(config);
  const { code, map, inputs } = await bundle(frontedBy(entry, workerOptions.assets as Assets), { define, alias });
  const content: Bundle = { hash: hashOf(source, inputs), inputs, name: name ?? "worker", workerOptions, code };
  mkdirSync(dirname(out), { recursive: true });
  // Renamed into place: an engine that starts meanwhile reads the old one or the new one.
  for (const [file, text] of [
    [out.replace(/json$/, "map"), map],
    [out, JSON.stringify(content)],
  ] as const) {
    writeFileSync(`${file}.${process.pid}`, text);
    renameSync(`${file}.${process.pid}`, file);
  }
}

await main(process.argv.slice(2));
