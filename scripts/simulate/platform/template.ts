import { DatabaseSync } from "node:sqlite";
import { partitionMigrations } from "../../../schema/disk/partition-migrations.ts";
import { keepLedger } from "../ledger.ts";

let made: Uint8Array | undefined;

/**
 * The tables of a partition, empty, as SQLite keeps them: an object that has not run its migrations sees nothing of them,
 * since those alone write the version. To make them anew in each of thousands of databases took a fifth of the time.
 */
export function partitionTables(): Uint8Array {
  made ??= make();
  return made;
}

function make(): Uint8Array {
  const database = new DatabaseSync(":memory:");
  for (const text of partitionMigrations) database.exec(text);
  keepLedger(database);
  const bytes = database.serialize();
  database.close();
  return bytes;
}

const texts: ReadonlySet<string> = new Set(partitionMigrations);

/** What `partitionTables` has done. */
export function inTemplate(query: string): boolean {
  return texts.has(query);
}
