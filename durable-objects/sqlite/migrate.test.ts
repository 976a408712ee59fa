import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { catalogMigrations } from "../../schema/disk/catalog-migrations.ts";
import { partitionMigrations } from "../../schema/disk/partition-migrations.ts";
import { migrate, schemaVersion, type MigrationSql } from "./migrate.ts";

/** A database as `migrate` sees one in a Durable Object. */
class Database implements MigrationSql {
  /** What was run, in order. */
  readonly ran: string[] = [];
  readonly #database = new DatabaseSync(":memory:");

  exec(query: string, ...bindings: (string | number)[]): { toArray(): Record<string, unknown>[] } {
    this.ran.push(query);
    // A migration has many statements, and `prepare` takes one.
    const many = query.includes(";");
    if (many) this.#database.exec(query);
    const rows = many ? [] : this.#database.prepare(query).all(...bindings);
    return { toArray: () => rows };
  }

  migrate(migrations: readonly string[]): void {
    const inTransaction = (work: () => void): void => {
      this.#database.exec("BEGIN");
      try {
        work();
        this.#database.exec("COMMIT");
      } catch (error) {
        this.#database.exec("ROLLBACK");
        throw error;
      }
    };
    migrate(this, inTransaction, migrations);
  }

  get tables(): unknown[] {
    return this.exec("SELECT name FROM sqlite_master ORDER BY name")
      .toArray()
      .map((row) => row["name"]);
  }
}

const first = "CREATE TABLE a (x INTEGER); CREATE TABLE b (x INTEGER);";
const second = "ALTER TABLE a ADD COLUMN y TEXT; INSERT INTO b VALUES (1);";

describe("migrate", () => {
  test("runs all on a new database, and only what is new on an older one [DSK-2]", () => {
    const database = new Database();
    database.migrate([first]);
    expect([schemaVersion(database), database.tables]).toEqual([1, ["a", "b", "schema_version"]]);
    database.ran.length = 0;
    database.migrate([first, second]);
    expect(schemaVersion(database)).toBe(2);
    expect(database.ran).toContain(second);
    expect(database.ran).not.toContain(first);
    expect(database.exec("SELECT x FROM b").toArray()).toEqual([{ x: 1 }]);
  });

  test.each([
    ["a partition", partitionMigrations],
    ["the catalog", catalogMigrations],
  ])("finds all of %s applied at the second start, and writes nothing [DSK-2]", (_, migrations) => {
    const database = new Database();
    database.migrate(migrations);
    const { tables } = database;
    database.ran.length = 0;
    database.migrate(migrations);
    expect(database.ran.every((query) => query.startsWith("SELECT"))).toBe(true);
    expect([schemaVersion(database), database.tables]).toEqual([migrations.length, tables]);
  });

  test("takes everything back when one fails, and can be repeated [DSK-3]", () => {
    const database = new Database();
    expect(() => database.migrate([first, "CREATE TABLE c (x INTEGER); INSERT INTO none VALUES (1);"])).toThrow("none");
    expect([schemaVersion(database), database.tables]).toEqual([0, []]);
    database.migrate([first, second]);
    expect(() => database.migrate([first, second, "DROP TABLE a; DROP TABLE none;"])).toThrow("none");
    expect([schemaVersion(database), database.tables]).toEqual([2, ["a", "b", "schema_version"]]);
  });

  test("refuses the database of a newer version, and leaves it [DSK-4]", () => {
    const database = new Database();
    database.migrate([first, second]);
    expect(() => database.migrate([first])).toThrow(
      "the database is at version 2, this code knows 1: deploy the newer code",
    );
    expect(schemaVersion(database)).toBe(2);
  });
});

test("asking for the version of a new database makes no table [LOG-9]", () => {
  const database = new Database();
  expect(schemaVersion(database)).toBe(0);
  expect(database.tables).toEqual([]);
});
