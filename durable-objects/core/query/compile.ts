import { type Answer, refuse } from "../../../schema/error.ts";
import { MAX_SQL_CHARACTERS, MAX_SQL_CONCATENATIONS, MAX_SQL_TABLES } from "../../../schema/limits.ts";
import { checkWork } from "./bounded-work.ts";
import { type Bounds, boundsOf, equalColumns } from "./bounds.ts";
import { type NumberUse, numberUses } from "./number-use.ts";
import { type Part, partOf } from "./part.ts";
import { parseQuery } from "./parse-query.ts";
import { placeIn, QueryProblem } from "./problem.ts";
import type { Expression, Item, Query, Value } from "./query.ts";
import { Scope, type ScopeTable } from "./scope.ts";
import { selectText, type Statement } from "./select-text.ts";
import { type Extent, workOf } from "./work.ts";

export interface QueryTable extends ScopeTable {
  /** Rows outside need not be read. */
  readonly bounds: Bounds;
}

/** A query that may run: text that is made of what was understood of it. */
export interface CompiledQuery {
  readonly tables: readonly QueryTable[];
  /** Columns that every join makes equal: rows meet by them. */
  readonly joinedBy: readonly string[];
  /** What its columns are called. */
  readonly names: readonly string[];
  /** What SQLite would do for it, in about nanoseconds, at most. */
  work(extent: Extent): number;
  readonly numberUses: readonly NumberUse[];
  /** For all the rows that it is about, at most so many. */
  whole(maxRows: number): Statement;
  /** For those of one partition of several, whose answers are merged; or why that is not possible. */
  readonly part: Part;
}

export interface QueryText {
  readonly sql: string;
  readonly parameters: readonly Value[];
}

/** The columns of a store by its name; undefined where there is no such store. */
export type Columns = (store: string) => readonly string[] | undefined;

export function compileQuery(
  { sql, parameters }: QueryText,
  columns: Columns,
): Answer<{ readonly query: CompiledQuery }> {
  try {
    return { ok: true, query: compiled(parseQuery(sql, parameters), columns) };
  } catch (error) {
    if (!(error instanceof QueryProblem)) throw error;
    const { message, at, hint } = error;
    return refuse("sql_error", message, {
      hint,
      field: "sql",
      extra: at === undefined ? undefined : { ...placeIn(sql, at) },
    });
  }
}

function compiled(query: Query, columns: Columns): CompiledQuery {
  if (query.tables.length > MAX_SQL_TABLES)
    throw new QueryProblem(`${query.tables.length} tables are joined`, { hint: `Join at most ${MAX_SQL_TABLES}` });
  checkWork(query);
  const scope = new Scope(
    query.tables.map((table, index) => {
      const known = columns(table.store);
      if (known === undefined) {
        const hint = "GET /v1/pipelines/{name}/stores lists the stores; a name that is no word stands in double quotes";
        throw new QueryProblem(`there is no store ${table.store}`, { at: table.at, hint });
      }
      return { ...table, columns: known, relation: `t${index}` };
    }),
  );
  const joinedBy = joinsOf(query, scope);
  const items = itemsOf(query, scope);
  const bounds = boundsOf(query, scope);
  const parts = { query, scope, items };
  const text = selectText(parts, {});
  if (text.length > MAX_SQL_CHARACTERS) throw new QueryProblem("the query is too long", {});
  if (text.split("||").length > MAX_SQL_CONCATENATIONS + 1)
    throw new QueryProblem(`the query has more than ${MAX_SQL_CONCATENATIONS} times ||`, {});
  return {
    tables: scope.tables.map((table) => ({ ...table, bounds: bounds.get(table.alias) ?? {} })),
    joinedBy,
    names: items.map(({ name }) => name),
    numberUses: numberUses(parts),
    work: (extent) => workOf(parts, extent),
    whole: (maxRows) => ({
      text: selectText(parts, { limit: Math.min(query.limit ?? Infinity, maxRows), offset: query.offset }),
      columns: items.length,
    }),
    part: partOf(parts),
  };
}

function itemsOf({ items }: Query, scope: Scope): readonly Item[] {
  return items.flatMap((item): readonly Item[] => {
    if (!("all" in item)) return [item];
    const { table, at } = item;
    const tables = scope.tables.filter(
      ({ alias }) => table === undefined || alias.toLowerCase() === table.toLowerCase(),
    );
    if (tables.length === 0) throw new QueryProblem(`there is no table ${table}`, { at });
    return tables.flatMap(({ alias, columns }) =>
      columns.map((name): Item => {
        const expression: Expression = { kind: "column", table: alias, name, at };
        return { expression, name: scope.tables.length > 1 ? `${alias}.${name}` : name };
      }),
    );
  });
}

/** Without equal keys a join would have to look at every pair of rows. */
function joinsOf({ tables }: Query, scope: Scope): readonly string[] {
  let joinedBy: readonly string[] | undefined;
  for (const { alias, at, join } of tables) {
    if (join === undefined) continue;
    const own = equalColumns(join.on, scope).flatMap(([one, other]) => {
      const ofThis = one.table.alias === alias || other.table.alias === alias;
      return ofThis && one.column === other.column ? [one.column] : [];
    });
    if (!own.includes("key")) {
      const hint = `Join it by key: ON ${tables[0]?.alias}.key = ${alias}.key`;
      throw new QueryProblem(`${alias} is not joined by its key`, { at, hint });
    }
    joinedBy = joinedBy === undefined ? own : joinedBy.filter((column) => own.includes(column));
  }
  return [...new Set(joinedBy ?? [])];
}
