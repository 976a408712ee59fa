// Writes schema/disk/*-migrations.ts from the drizzle tables: run after a change of a table, and commit what it writes.
// drizzle-kit generates; what it cannot say (WITHOUT ROWID) is added, and what it does wrong is refused.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { getTableName, type Table } from "drizzle-orm";
import * as catalog from "../schema/disk/catalog.ts";
import * as partition from "../schema/disk/partition.ts";

const databases = {
  partition: [...partition.withoutRowid, ...partition.onceWithoutRowid],
  catalog: catalog.withoutRowid,
} as const;

for (const [name, withoutRowid] of Object.entries(databases)) {
  const folder = `schema/disk/${name}-migrations`;
  const schema = `./schema/disk/${name}.ts`;
  execFileSync(
    "node_modules/.bin/drizzle-kit",
    ["generate", "--dialect", "sqlite", "--schema", schema, "--out", `./${folder}`],
    { stdio: "inherit" },
  );
  const files = readdirSync(folder)
    .filter((file) => file.endsWith(".sql"))
    .sort();
  const texts = files
    .map((file) => readFileSync(`${folder}/${file}`, "utf8"))
    .map((text) => migrationText(text, withoutRowid));
  writeFileSync(`schema/disk/${name}-migrations.ts`, moduleText(name, texts));
}
rmSync("drizzle", { recursive: true, force: true });

function migrationText(text: string, withoutRowid: readonly Table[]): string {
  if (text.includes("__new_")) {
    // drizzle-orm#5360: a rebuild that gains a column fills it with the column's name, and loses WITHOUT ROWID.
    throw new Error("this migration rebuilds a table: write it by hand");
  }
  let sql = text.replaceAll("--> statement-breakpoint", "");
  for (const table of withoutRowid) {
    sql = sql.replace(new RegExp(`(CREATE TABLE \`${getTableName(table)}\` \\([^;]*\\));`), "$1 WITHOUT ROWID;");
  }
  return sql.trim();
}

function moduleText(name: string, texts: readonly string[]): string {
  const list = texts.map((text) => `  \`\n${text.replaceAll("`", '"').replaceAll("\t", "    ")}\n  \`,`).join("\n");
  return `// Written by scripts/migrations.ts from schema/disk/${name}.ts. Append-only: a database remembers how many it has run.\nexport const ${name}Migrations: readonly string[] = [\n${list}\n];\n`;
}
