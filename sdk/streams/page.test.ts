import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import * as streams from "./index.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const page = readFileSync(`${root}docs/streams.md`, "utf8");

interface Row {
  readonly heading: string;
  readonly cells: readonly string[];
  readonly columns: readonly string[];
}

/** Of all tables of the page. A bar in code would be one in a cell: there is none. */
function rowsOf(text: string): Row[] {
  const rows: Row[] = [];
  let [heading, columns]: [string, string[]] = ["", []];
  const cellsOf = (line: string): string[] =>
    line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim());
  for (const line of text.split("\n")) {
    if (line.startsWith("## ")) heading = line.slice(3);
    if (!line.startsWith("|")) columns = [];
    else if (columns.length === 0) columns = cellsOf(line);
    else if (!line.startsWith("| -")) rows.push({ heading, columns, cells: cellsOf(line) });
  }
  return rows;
}

const rows = rowsOf(page);
const sources = globSync("sdk/streams/*.ts", { cwd: root, exclude: ["**/*.test.ts", "**/*.test-d.ts"] });
const declared = sources.map((path) => readFileSync(`${root}${path}`, "utf8")).join("\n");
/** Methods and fields of what the DSL exports, and options. */
const members = new Set(
  [...declared.matchAll(/^ {2,}(?:readonly |static |get )?([a-z]\w*)\??[<(:]/gm)].map(([, name]) => name),
);
/** What the classes of a stream give to each other. */
const INNER = new Set(["constructor", "added", "with", "joined"]);

/** Methods of a class and of those that it extends. */
function methodsOf(of: { readonly prototype: object }): string[] {
  const found: string[] = [];
  for (let at = of.prototype; at !== Object.prototype; at = Object.getPrototypeOf(at) as object)
    found.push(...Object.getOwnPropertyNames(at).filter((name) => !INNER.has(name)));
  return found;
}

/** Words of a code span that name something: what is called, and a span of one word. */
function namesIn(span: string): string[] {
  const plain = span.replaceAll(/"[^"]*"/g, "");
  const called = [...plain.matchAll(/([A-Za-z]\w*)\(/g)].map(([, name = ""]) => name);
  return /^[A-Za-z]\w*$/.test(plain) ? [plain] : called;
}

const known = (name: string): boolean => name in streams || members.has(name);

test("the page of operators names only what exists [DSL-10]", () => {
  const here = rows.flatMap(({ columns, cells }) => cells[columns.indexOf("here")] ?? []);
  expect(here.length).toBeGreaterThan(60);
  const names = here.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].flatMap(([, span = ""]) => namesIn(span)));
  expect(names.length).toBeGreaterThan(100);
  expect(names.filter((name) => !known(name))).toEqual([]);
});

test("each row of it has its counterparts [DSL-10]", () => {
  const compared = rows.filter(({ columns }) => columns.includes("Kafka Streams") && columns.includes("Spark"));
  expect(compared.length).toBeGreaterThan(30);
  expect(compared.filter(({ cells }) => cells.slice(0, 3).includes("")).map(({ cells }) => cells[0])).toEqual([]);
});

test("it has all functions and methods of the DSL [DSL-10]", () => {
  const text = rows.map(({ cells }) => cells.join(" ")).join(" ");
  const functions = Object.entries(streams).flatMap(([name, value]) =>
    typeof value === "function" && /^[a-z]/.test(name) ? [name] : [],
  );
  const { Stream, Table, GroupedStream, WindowedStream, GroupedTable, WindowedTable } = streams;
  const classes = [Stream, Table, GroupedStream, WindowedStream, GroupedTable, WindowedTable];
  const all = new Set([...functions, ...classes.flatMap(methodsOf)]);
  all.delete("durationMs");
  expect(all.size).toBeGreaterThan(70);
  const missing = [...all].filter((name) => !new RegExp(String.raw`\b${name}\b`).test(text));
  expect(missing).toEqual([]);
});
