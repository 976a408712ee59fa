import { DatabaseSync } from "node:sqlite";
import { Statements } from "./sql.ts";
import { partitionTables } from "./template.ts";

/** What outlives an object: its database, its alarm, and nothing else. */
export class Disk {
  readonly database = new DatabaseSync(":memory:");
  readonly statements = new Statements(this.database);
  /** As of the last write that is durable. */
  alarmMs: number | undefined;
  /** The tables of a partition are there, though nothing has made them yet: see partitionTables. */
  readonly prepared: boolean;

  constructor({ partition }: { readonly partition: boolean }) {
    this.prepared = partition;
    if (partition) this.database.deserialize(partitionTables());
  }

  close(): void {
    this.database.close();
  }
}
