import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { expect, test } from "vitest";

/** A tripwire: what makes the client larger by a tenth is worth a look. */
const MAX_MINIFIED_BYTES = 42_000;

test("the client bundles for a browser, from its own sources and schema's alone [SDK-8]", async () => {
  const { metafile, outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("index.ts", import.meta.url))],
    bundle: true,
    format: "esm",
    logLevel: "silent",
    metafile: true,
    minify: true,
    platform: "browser",
    target: "es2022",
    write: false,
  });
  const inputs = Object.keys(metafile.inputs);
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  const [bundle] = outputFiles;
  expect(imports).toEqual([]);
  expect(inputs.filter((path) => !/^(?:.*\/)?(?:sdk|schema)\/[a-z0-9/-]+\.ts$/.test(path))).toEqual([]);
  expect(inputs.filter((path) => path.includes("node_modules") || path.includes("/wire/"))).toEqual([]);
  const bytes = bundle?.contents.length ?? 0;
  console.log(
    `sdk: ${bytes} bytes minified, ${gzipSync(bundle?.contents ?? "").length} gzipped, ${inputs.length} files`,
  );
  expect(bytes).toBeLessThan(MAX_MINIFIED_BYTES);
});
