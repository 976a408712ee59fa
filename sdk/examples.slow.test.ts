import { spawnSync } from "node:child_process";
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gunzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import * as rules from "../durable-objects/core/log/producer-state.ts";
import { FakeMillrace, json, type FakeAnswer } from "./test/fake-millrace.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const folder = join(root, "node_modules/.cache/sdk-examples");
const ADDRESS = "http://127.0.0.1:8787";

interface Example {
  readonly name: string;
  readonly code: string;
}

/** `@example` of docstrings: their ```ts blocks. */
function examplesIn(path: string): Example[] {
  const text = readFileSync(join(root, path), "utf8").replaceAll(/^ +\*/gm, " *");
  const blocks = [...text.matchAll(/@example\n \* ```ts\n((?: \*.*\n)*?) \* ```/g)];
  return blocks.map(([, body = ""], at) => {
    return { name: `${basename(path, ".ts")}-${at + 1}`, code: body.replaceAll(/^ \* ?/gm, "") };
  });
}

const sources = globSync("sdk/{*,producer/*,reader/*}.ts", { cwd: root, exclude: ["**/*.test.ts"] }).toSorted();
const examples = sources.flatMap(examplesIn);

/** What the fake does not have, as a platform with the pipeline of the examples would answer. */
const answers: { readonly [request: string]: object } = {
  "POST /v1/pipelines/totals/drain": {},
  "POST /v1/topics/orders/trim": { partitions: [{ partition: 0, logStartOffset: 17 }] },
  "GET /v1/pipelines/totals/dead-letters?limit=1000": {
    deadLetters: [{ error: "no", state: "waiting", record: { key: "ada" } }],
  },
  "POST /v1/pipelines/totals/fork": {},
  "GET /v1/pipelines/totals": { fork: { tasks: [{ lag: 0 }] } },
  "POST /v1/pipelines/totals/swap": {},
  "POST /v1/pipelines/totals/redrive": { redriven: 1, already: 0, former: 0, unfit: 0 },
  "GET /v1/pipelines/totals/stores/by-customer?key=a": {
    key: "a",
    value: 12,
    topic: "orders",
    partition: 0,
    offset: 1,
  },
  "GET /v1/pipelines/totals/stores/by-customer?limit=1000": { entries: [{ key: "a", value: 12 }] },
  "GET /v1/pipelines/totals/stores/by-customer?prefix=ada.&limit=1000": { entries: [{ key: "ada.", value: 12 }] },
  "POST /v1/pipelines/totals/sql": {
    columns: ["key", "value"],
    rows: [["a", 120]],
    more: false,
    reflects: [{ topic: "orders", partition: 0, offset: 1 }],
  },
  "GET /v1/tables/sales_by_day?orderBy=day&order=desc&limit=7": { columns: ["day"], rows: [{ day: 1 }] },
};

const streams: { readonly [request: string]: string } = {
  "GET /v1/pipelines/totals/stores/by-customer/changes?partition=0":
    'event: snapshot\ndata: {"topic":"orders","partition":0,"offset":1,"reset":false,"ready":true,"rows":[{"key":"a","value":12}]}\nid: 1\n\n',
};

let server: Server;
let fake: FakeMillrace<rules.ProducerState>;

async function answerTo(incoming: IncomingMessage): Promise<FakeAnswer> {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part as Buffer);
  const { method = "GET", url = "/" } = incoming;
  const canned = answers[`${method} ${url}`];
  if (canned !== undefined) return json(200, canned);
  const stream = streams[`${method} ${url}`];
  if (stream !== undefined)
    return { status: 200, headers: { "content-type": "text/event-stream" }, body: new TextEncoder().encode(stream) };
  const headers = new Headers({ "content-type": incoming.headers["content-type"] ?? "" });
  return fake.handle({ method, url: new URL(url, ADDRESS), headers, body: new Uint8Array(Buffer.concat(parts)) });
}

function written({ name, code }: Example, port: number): void {
  const paths = code.replaceAll('from "../', `from "${root}`).replaceAll(ADDRESS, `http://127.0.0.1:${port}`);
  writeFileSync(join(folder, `${name}.ts`), `${paths}\nexport {};\n`);
}

describe("the examples of the docstrings [SDK-40]", () => {
  beforeAll(async () => {
    server = createServer((incoming, outgoing) => {
      void answerTo(incoming).then(({ status, headers, body }) => outgoing.writeHead(status, headers).end(body));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    for (const example of examples) written(example, (server.address() as AddressInfo).port);
    const compilerOptions = {
      composite: false,
      emitDeclarationOnly: false,
      noEmit: true,
      lib: ["ES2023", "DOM", "DOM.AsyncIterable"],
    };
    const config = { extends: join(root, "tsconfig.base.json"), compilerOptions, include: ["*.ts"] };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    fake = new FakeMillrace(rules, (_codec, data) => gunzipSync(data));
    fake.create("orders", 4);
    fake.create("readings", 1);
    for (const method of ["log", "table"] as const) vi.spyOn(console, method).mockImplementation(() => {});
  });
  afterEach(() => vi.restoreAllMocks());

  test("compile", () => {
    const { stdout } = spawnSync(join(root, "node_modules/.bin/tsc"), ["-p", folder], { encoding: "utf8" });
    expect(stdout).toBe("");
  });

  test.each(examples.map(({ name }) => name))("%s runs", async (name) => {
    await import(/* @vite-ignore */ pathToFileURL(join(folder, `${name}.ts`)).href);
  });

  test("every class exported has one", () => {
    const index = readFileSync(join(root, "sdk/index.ts"), "utf8");
    const exported = [...index.matchAll(/^export (?:type )?\{(.*)\} from "\.\/(.*)"/gm)].flatMap(
      ([, names = "", file]) => {
        return names.split(",").map((name) => [name.trim().replace(/^type /, ""), `sdk/${file}`] as const);
      },
    );
    const classes = exported.filter(([name, file]) => {
      return readFileSync(join(root, file), "utf8").includes(`export class ${name} `);
    });
    expect(classes.map(([name]) => name)).toContain("Millrace");
    expect(classes.filter(([, file]) => examplesIn(file).length === 0)).toEqual([]);
  });
});
