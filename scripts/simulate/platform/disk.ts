import { DatabaseSync } from "node:sqlite";
import { Statements } from "./sql.ts";

/** What outlives an object: its database, its alarm, and nothing else. */
export class Disk {
  readonly database = new DatabaseSync(":memory:");
  readonly statements = new Statements(this.database);
  /** As of the last write that is durable. */
  alarmMs: number | undefined;

  close(): void {
    this.database.close();
  }
}
