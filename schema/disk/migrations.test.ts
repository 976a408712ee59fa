import { readdirSync, readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { getTableName, is } from "drizzle-orm";
import { getTableConfig, SQLiteTable } from "drizzle-orm/sqlite-core";
import { describe, expect, test } from "vitest";
import { catalogMigrations } from "./catalog-migrations.ts";
import * as catalog from "./catalog.ts";
import { partitionMigrations } from "./partition-migrations.ts";
import * as partition from "./partition.ts";

/** One database of each kind, its migrations run. */
const databases = [
  { name: "partition", schema: partition, migrations: partitionMigrations },
  { name: "catalog", schema: catalog, migrations: catalogMigrations },
].map(({ name, schema, migrations }) => {
  const database = new DatabaseSync(":memory:");
  for (const text of migrations) database.exec(text);
  const tables = Object.values(schema).filter((value): value is SQLiteTable => is(value, SQLiteTable));
  return { name, migrations, database, tables, withoutRowid: schema.withoutRowid };
});

describe.each(databases)("migrations of the $name", ({ name, migrations, database, tables, withoutRowid }) => {
  const rows = (query: string): Record<string, unknown>[] => database.prepare(query).all();

  test("make the tables defined, and no other [DSK-1]", () => {
    const made = rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").map((row) => row["name"]);
    expect(made).toEqual(tables.map((table) => getTableName(table)).toSorted());
  });

  test.each(tables.map((table) => [getTableName(table), table] as const))(
    "make %s as defined [DSK-1]",
    (table, definition) => {
      const columns = rows(`PRAGMA table_info("${table}")`).map(({ name, type, notnull, dflt_value, pk }) => ({
        name,
        type: String(type).toUpperCase(),
        notNull: notnull === 1,
        default: dflt_value,
        key: pk,
      }));
      expect(columns).toEqual(columnsOf(definition));
    },
  );

  test("leave out the rowid where the table says so, and only there [DSK-1]", () => {
    const wanted = rows("SELECT name FROM pragma_table_list WHERE schema = 'main' AND wr = 1 ORDER BY name");
    expect(wanted.map((row) => row["name"])).toEqual(withoutRowid.map((table) => getTableName(table)).toSorted());
  });

  test("make no index, which would be a row written more [DSK-1]", () => {
    // That of a WITHOUT ROWID table's own key is the table.
    const indexes = rows("SELECT tbl_name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL");
    expect(indexes).toEqual([]);
    const keyed = rows("SELECT DISTINCT tbl_name FROM sqlite_master WHERE type = 'index'").map(
      (row) => row["tbl_name"],
    );
    expect(withoutRowid.map((table) => getTableName(table))).toEqual(expect.arrayContaining(keyed));
  });

  test("are the generated ones, in their order [DSK-1]", () => {
    const folder = new URL(`./${name}-migrations/`, import.meta.url);
    const files = readdirSync(folder)
      .filter((file) => file.endsWith(".sql"))
      .toSorted();
    const generated = files.map((file) =>
      readFileSync(new URL(file, folder), "utf8").replaceAll("--> statement-breakpoint", ""),
    );
    expect(migrations.map((text) => bare(text.replaceAll(" WITHOUT ROWID", "")))).toEqual(generated.map(bare));
  });
});

test("rows that wait in the outbox are kept when they get ids, in the order of their sequences [OUT-7]", () => {
  const database = new DatabaseSync(":memory:");
  for (const text of partitionMigrations.slice(0, 7)) database.exec(text);
  const insert = database.prepare("INSERT INTO outbox VALUES (?, ?, ?, ?, ?, ?)");
  for (const sequence of [3, 1, 2]) insert.run(1, "topic:t/0", sequence, 10 + sequence, 5, Uint8Array.of(sequence));
  database.exec(partitionMigrations[7] ?? "");
  expect(
    database.prepare("SELECT task, target, sequence, records, created_ms, body FROM outbox ORDER BY id").all(),
  ).toEqual(
    [1, 2, 3].map((sequence) => ({
      task: 1,
      target: "topic:t/0",
      sequence,
      records: 10 + sequence,
      created_ms: 5,
      body: Uint8Array.of(sequence),
    })),
  );
});

function columnsOf(table: SQLiteTable): object[] {
  const { columns, primaryKeys } = getTableConfig(table);
  const key =
    primaryKeys[0]?.columns.map((column) => column.name) ??
    columns.filter((column) => column.primary).map((column) => column.name);
  return columns.map((column) => ({
    name: column.name,
    type: column.getSQLType().toUpperCase(),
    notNull: column.notNull,
    default: column.default === undefined ? null : String(column.default),
    key: key.indexOf(column.name) + 1,
  }));
}

/** Without quotes and spaces. */
function bare(sql: string): string {
  return sql.replaceAll(/["`\s]/g, "");
}
