import { type PartitionRow, readPartitionRow } from "../../durable-objects/partition/loaded.ts";
import { schemaVersion } from "../../durable-objects/sqlite/migrate.ts";
import { type TaskRow, TaskTable } from "../../durable-objects/sqlite/task-table.ts";
import { Ledger } from "./ledger.ts";
import type { SimulatedObject } from "./platform/object.ts";
import { SimulatedSql } from "./platform/sql.ts";
import type { World } from "./world.ts";

/** A partition from outside, as it lies on disk between two steps. */
export interface Inspected {
  readonly name: string;
  readonly row: PartitionRow;
  readonly tasks: readonly TaskRow[];
  readonly sql: SqlStorage;
  readonly ledger: Ledger;
  readonly logEndOffset: number;
  /** Rows of the outbox. */
  readonly waiting: number;
  /** Dead letters that tasks have been given again and have not run. */
  readonly redriving: number;
}

export function inspectAll(world: World): Inspected[] {
  return [...world.objects.values()].flatMap((object) => inspect(object) ?? []);
}

/** Of each pipeline the one that runs, forks left out. */
export function incarnations(world: World): ReadonlyMap<string, number> {
  const catalog = [...world.objects.values()].find(({ name }) => name.startsWith("catalog "));
  const rows = catalog?.disk.database.prepare("SELECT name, incarnation FROM pipeline").all() ?? [];
  return new Map(rows.map((row) => [String(row["name"]), Number(row["incarnation"])]));
}

/** A partition and what it has ever sent and taken, deleted ones too. */
export type Remembered = Pick<Inspected, "name" | "row" | "ledger">;

export function rememberAll(world: World): Remembered[] {
  return [...world.objects.values()].flatMap((object) => {
    const row = isPartition(object) ? readPartitionRow(sqlOf(object)) : undefined;
    return row === undefined ? [] : [{ name: object.name, row, ledger: new Ledger(object.disk.database) }];
  });
}

function sqlOf({ disk }: SimulatedObject): SqlStorage {
  const refuse = (): never => {
    throw new Error("the checks only read");
  };
  return new SimulatedSql(disk, { write: refuse, alive: () => true }) as unknown as SqlStorage;
}

/** That has been opened once. */
function isPartition(object: SimulatedObject): boolean {
  return !object.name.startsWith("catalog ") && schemaVersion(sqlOf(object)) > 0;
}

/** Undefined for what is no partition, or not open. */
function inspect(object: SimulatedObject): Inspected | undefined {
  if (!isPartition(object)) return undefined;
  const { name, disk } = object;
  const sql = sqlOf(object);
  const row = readPartitionRow(sql);
  if (row?.status !== "open") return undefined;
  const tasks = new TaskTable(sql).all();
  const count = (query: string): number => Number(sql.exec<{ value: number | null }>(query).one().value ?? 0);
  const last = sql.exec<{ value: number | null }>("SELECT max(last_offset) AS value FROM batch").one().value;
  const logEndOffset =
    last === null ? Math.max(row.logStartOffset, ...tasks.map(({ position }) => position)) : last + 1;
  const waiting = count("SELECT count(*) AS value FROM outbox");
  const redriving = count("SELECT count(*) AS value FROM redrive WHERE payload IS NOT NULL");
  return { name, row, tasks, sql, ledger: new Ledger(disk.database), logEndOffset, waiting, redriving };
}
