import { build } from "esbuild";
import { expect, test } from "vitest";
import { inSources } from "./source-places.ts";

test("places of the bundle become those of its sources, others stay [LOC-10]", async () => {
  const { outputFiles } = await build({
    stdin: {
      contents: "export const one = 1;\n\nexport function half() {\n  return thrown();\n}",
      sourcefile: "pipelines/half.ts",
    },
    outfile: "dist/index.js",
    bundle: true,
    format: "esm",
    sourcemap: "external",
    write: false,
  });
  const [map, code] = [".map", ".js"].map((end) => outputFiles.find(({ path }) => path.endsWith(end))?.text ?? "");
  const lines = (code ?? "").split("\n");
  const line = lines.findIndex((each) => each.includes("thrown()"));
  const place = `file:///folder/index.js:${line + 1}:${(lines[line] ?? "").indexOf("thrown") + 1}`;
  const stack = String.raw`{"stack":"Error: no\n    at half (${place})\n    at other.js:1:1"}`;
  const mapped = String.raw`{"stack":"Error: no\n    at half (pipelines/half.ts:4:10)\n    at other.js:1:1"}`;
  expect(inSources(stack, JSON.parse(map ?? ""))).toBe(mapped);
  expect(inSources("at index.js:99999:1", JSON.parse(map ?? ""))).not.toContain("undefined");
});
