import { SqliteStateStore } from "../../../durable-objects/sqlite/sqlite-state-store.ts";
import type { KeyRow } from "../../../durable-objects/core/store/state-store.ts";
import { inspectAll } from "../inspect.ts";
import type { Plain, Result } from "../workload/family.ts";
import type { World } from "../world.ts";
import { countedFiles, incarnationOf } from "./files.ts";
import { difference, recordsIn, textOf, type SeenRecord } from "./sent.ts";

/** What a run came to, of all that does not depend on the order in which things happened. */
export type EndResults = readonly { readonly what: string; readonly value: unknown }[];

export function endResults(world: World, wanted: readonly Result[]): EndResults {
  return wanted.map((result) => ({ what: `${result.kind} ${result.name}`, value: valueOf(world, result) }));
}

/** They equal those of a run of the same plan in which nothing went wrong (SIM-6). */
export function checkResults(here: EndResults, undisturbed: EndResults): string[] {
  return here.flatMap(({ what, value }, index) =>
    difference(`SIM-6: end result, ${what},`, { once: undisturbed[index]?.value, here: value }),
  );
}

/** Stores hold what plain code makes of the records sent (SIM-6). */
export function checkPlain(world: World, plain: readonly (Plain & { readonly pipeline: string })[]): string[] {
  return plain.flatMap(({ pipeline, store, values }) => {
    const rows = rowsOf(world, store, pipeline).map(({ key, value }) => [key, JSON.parse(value)] as const);
    return difference(`SIM-6: plain code's result, ${pipeline}'s store ${store},`, {
      once: sorted(values),
      here: sorted(rows),
    });
  });
}

function sorted(rows: readonly (readonly [string, unknown])[]): unknown {
  return rows.map((row) => JSON.stringify(row)).toSorted();
}

function valueOf(world: World, result: Result): unknown {
  switch (result.kind) {
    case "topic":
      return topicOf(world, result);
    case "table":
      return tableOf(world, result.name);
    case "files":
      return filesOf(world, result.name);
    case "store":
      return storeOf(world, result.name);
  }
}

function topicOf(world: World, { name, by }: Extract<Result, { kind: "topic" }>): unknown {
  const records = inspectAll(world)
    .filter(({ row }) => row.topic === name)
    .flatMap(({ ledger }) => ledger.log().flatMap(({ body }) => recordsIn(body)));
  const keys = Map.groupBy(records, ({ key }) => key ?? "");
  return [...keys].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, some]) => [key, reduced(some, by)]);
}

function reduced(records: readonly SeenRecord[], by: "order" | "bag" | "last"): unknown {
  const seen = records.map(({ value, timestampMs }) => `${timestampMs} ${value}`);
  if (by === "last") return seen.at(-1);
  return by === "bag" ? seen.toSorted() : seen;
}

function tableOf(world: World, table: string): unknown {
  const exists = world.d1.rows(`SELECT 1 FROM sqlite_master WHERE name = '${table}'`).length > 0;
  return exists ? world.d1.rows(`SELECT * FROM "${table}"`) : [];
}

/** Lines of the files that count. */
function filesOf({ r2 }: World, prefix: string): unknown {
  const counted = countedFiles(r2, prefix);
  const mine = [...r2.objects].filter(([key]) => key.startsWith(`${prefix}/`) && counted?.includes(incarnationOf(key)));
  const bodies = mine.map(([, put]) => textOf(r2.puts[put - 1]?.body ?? null) ?? "");
  return bodies.flatMap((body) => body.split("\n").filter((line) => line !== "")).toSorted();
}

function storeOf(world: World, name: string): unknown {
  return rowsOf(world, name)
    .map((row) => JSON.stringify(row))
    .toSorted();
}

/** Over all partitions; of one pipeline, or of each that has a store of this name. */
function rowsOf(world: World, name: string, pipeline?: string): KeyRow[] {
  return inspectAll(world).flatMap(({ sql, tasks }) =>
    tasks.flatMap((task) => {
      if (pipeline !== undefined && task.pipeline !== pipeline) return [];
      const { id } = task;
      const kinds = sql
        .exec<{ kind: string }>("SELECT kind FROM store WHERE task = ? AND name = ?", id, name)
        .toArray();
      const store = new SqliteStateStore(sql, id);
      return kinds.flatMap(({ kind }) => rowsOfKind(store, name, kind));
    }),
  );
}

const ALL = Number.MAX_SAFE_INTEGER;

function rowsOfKind(store: SqliteStateStore, name: string, kind: string): readonly KeyRow[] {
  if (kind === "ordered") return store.ordered.scan(name, undefined, ALL);
  return kind === "window" ? store.scanWindows(name, undefined, ALL) : store.scan(name, undefined, ALL);
}
