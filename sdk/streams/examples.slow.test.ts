import { spawnSync } from "node:child_process";
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = join(root, "node_modules/.cache/examples");

interface Example {
  readonly name: string;
  readonly code: string;
}

/** `@example` of docstrings: the lines after it up to the end of the comment or the next tag. */
function fromSource(path: string): Example[] {
  const text = readFileSync(path, "utf8");
  const comments = [...text.matchAll(/\/\*\*\n([\s\S]*?) \*\//g)].map(([, body = ""]) =>
    body.replaceAll(/^ +\* ?/gm, ""),
  );
  const codes = comments.flatMap((comment) => comment.split(/^@example\n/m).slice(1));
  return codes.map((code, at) => ({ name: `${basename(path, ".ts")}-${at + 1}`, code }));
}

/** ```ts blocks of a page. */
function fromPage(path: string): Example[] {
  const blocks = [...readFileSync(path, "utf8").matchAll(/^```ts\n([\s\S]*?)^```$/gm)];
  return blocks.map(([, code = ""], at) => ({ name: `${basename(path, ".md")}-${at + 1}`, code }));
}

const sources = globSync("sdk/streams/{*,aggregators/*}.ts", {
  cwd: root,
  exclude: ["**/*.test.ts", "**/*.test-d.ts", "**/index.ts"],
});
const examples = [
  ...sources.flatMap((path) => fromSource(join(root, path))),
  ...fromSource(join(root, "testing/topology-test-driver.ts")),
  ...fromPage(join(root, "docs/pipelines.md")),
];

/** Examples stand in `pipelines/`; their copies stand elsewhere, so paths are made absolute. */
function written({ name, code }: Example): string {
  const path = join(folder, `${name}.ts`);
  const text = code.replaceAll(/from "\.\.\//g, `from "${root}`).replaceAll(/from "\.\//g, `from "${root}pipelines/`);
  writeFileSync(path, `${text}\nexport {};\n`);
  return path;
}

describe("examples in docstrings and docs [DSL-8]", () => {
  beforeAll(() => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    for (const example of examples) written(example);
    const base = join(root, "tsconfig.base.json");
    const compilerOptions = {
      composite: false,
      emitDeclarationOnly: false,
      noEmit: true,
      types: ["node"],
      typeRoots: [join(root, "node_modules/@types")],
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ extends: base, compilerOptions, include: ["*.ts"] }));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("compile", () => {
    expect(examples.length).toBeGreaterThan(20);
    const { stdout } = spawnSync(join(root, "node_modules/.bin/tsc"), ["-p", folder], { encoding: "utf8" });
    expect(stdout).toBe("");
  });

  test.each(examples.map(({ name }) => name))("%s runs", async (name) => {
    await import(/* @vite-ignore */ pathToFileURL(join(folder, `${name}.ts`)).href);
  });

  test("every method has one", () => {
    const own = sources.filter((path) => !path.includes("aggregators/"));
    const methods = own.flatMap((path) => methodsOf(readFileSync(join(root, path), "utf8")));
    expect(methods.length).toBeGreaterThan(60);
    const without = methods.filter(({ comment }) => !comment.includes("@example")).map(({ name }) => name);
    const documented = new Set(methods.filter(({ comment }) => comment.includes("@example")).map(({ name }) => name));
    expect(without.filter((name) => !documented.has(name) && !INTERNAL.test(name))).toEqual([]);
  });

  test("every export has one", () => {
    const index = readFileSync(join(root, "sdk/streams/index.ts"), "utf8");
    const exports = [...index.matchAll(/^export \{(.*)\} from "\.\/(.*)"/gm)].flatMap(([, list = "", file = ""]) =>
      list.split(",").map((name) => [name.trim().replace(/^type /, ""), file] as const),
    );
    expect(exports.length).toBeGreaterThan(15);
    const without = exports.filter(
      ([name, file]) => !documented(readFileSync(join(root, "sdk/streams", file), "utf8"), name),
    );
    expect(without).toEqual([]);
  });
});

/** What users do not call. */
const INTERNAL = /^Graph\.|^GlobalTable\.nodeIn$/;

interface Method {
  readonly name: string;
  readonly comment: string;
}

/** Of the classes in a file; one with overloads is there several times. */
function methodsOf(text: string): Method[] {
  const classes = [...text.matchAll(/^export (?:abstract )?class (\w+)[^]*?^\}/gm)];
  return classes.flatMap(([body, of = ""]) =>
    [...body.matchAll(/((?:^ {2} ?[/*].*\n)*)^ {2}(?:\/\/.*\n {2})?(?:static |get )?([a-z]\w*)[<(]/gm)]
      .filter(([, , name]) => name !== "constructor")
      .map(([, comment = "", name = ""]) => ({ name: `${of}.${name}`, comment })),
  );
}

function documented(text: string, name: string): boolean {
  const declaration = new RegExp(`/\\*\\*((?:(?!\\*/)[^])*)\\*/\\nexport (?:class|function|interface|type) ${name}\\b`);
  return declaration.exec(text)?.[1]?.includes("@example") ?? false;
}
