import type { Answer } from "../../../../schema/error.ts";
import { describeStore, type PlanStore } from "../../plan/stores.ts";
import { viewOf } from "../../read/view-of.ts";
import type { View, ViewQuery } from "../../read/view.ts";
import { MemoryStateStore } from "../../store/memory-state-store.ts";
import { type CompiledQuery, compileQuery } from "../compile.ts";
import { mergeParts, type Row } from "../merge.ts";
import type { Value } from "../query.ts";
import type { Statement } from "../select-text.ts";
import { type QueryEngine, type Result, runQuery } from "../run-query.ts";

export const tables: readonly PlanStore[] = [
  { name: "totals", kind: "keyValue" },
  { name: "names", kind: "keyValue" },
  { name: "by-hour", kind: "window", windows: { kind: "time", sizeMs: 10, advanceMs: 10, graceMs: 0 } },
  { name: "visits", kind: "ordered", windows: { kind: "session", gapMs: 5, graceMs: 0 } },
];

export interface TestRow {
  readonly table: string;
  readonly key: string;
  readonly start?: number;
  readonly value: unknown;
  readonly timestampMs?: number;
}

/** The stores of one partition. `read` counts the rows that queries have read of each. */
export class QueryBed {
  readonly store = new MemoryStateStore();
  readonly read = new Map<string, number>();
  readonly #engine: QueryEngine;

  constructor(engine: QueryEngine, rows: readonly TestRow[]) {
    this.#engine = engine;
    for (const { name, kind } of tables) this.store.open(name, kind, { bucketMs: 100 });
    for (const { table, key, start = 0, value, timestampMs = 5 } of rows) {
      const stored = { value: JSON.stringify(value), timestampMs };
      const kind = tables.find(({ name }) => name === table)?.kind;
      if (kind === "keyValue") this.store.put(table, key, stored);
      else if (kind === "window") this.store.putWindow(table, start, key, stored);
      else this.store.ordered.putMany(table, [{ key, at: start + 5, seq: 5, value: stored }]);
    }
  }

  run(query: CompiledQuery, statement: Statement, how: { maxRows?: number; keys?: ViewQuery } = {}): Answer<Result> {
    const { maxRows = 10_000, keys = { limit: 0 } } = how;
    const { fromKey, toKey } = keys;
    return runQuery(query, statement, {
      engine: this.#engine,
      maxRows,
      keys: { fromKey, toKey },
      viewOf: ({ store }) => this.#view(store),
    });
  }

  #view(name: string): View {
    const table = tables.find((each) => each.name === name);
    if (table === undefined) throw new Error(`no table ${name}`);
    const view = viewOf(this.store, table);
    const scan = (query: ViewQuery): ReturnType<View["scan"]> => {
      const page = view.scan(query);
      this.read.set(name, (this.read.get(name) ?? 0) + page.rows.length);
      return page;
    };
    return {
      order: view.order,
      scan,
      at: view.at.bind(view),
      show: view.show.bind(view),
      identify: view.identify.bind(view),
    };
  }
}

export function compile(sql: string, parameters: readonly Value[] = []): Answer<{ readonly query: CompiledQuery }> {
  return compileQuery({ sql, parameters }, (name) => {
    const table = tables.find((each) => each.name === name);
    return table && [...describeStore(table).key, "value", "timestamp"];
  });
}

function compiled(sql: string, parameters: readonly Value[]): CompiledQuery {
  const answer = compile(sql, parameters);
  if (!answer.ok) throw new Error(`${answer.message} ${JSON.stringify(answer.extra)}`);
  return answer.query;
}

/** In one partition. */
export function selectOn(
  engine: QueryEngine,
  rows: readonly TestRow[],
  { sql, parameters = [] }: { readonly sql: string; readonly parameters?: readonly Value[] },
): readonly Row[] {
  const query = compiled(sql, parameters);
  const answer = new QueryBed(engine, rows).run(query, query.whole(10_000));
  if (!answer.ok) throw new Error(answer.message);
  return answer.rows;
}

/** In several partitions, merged. */
export function selectMergedOn(
  engine: QueryEngine,
  partitions: readonly (readonly TestRow[])[],
  sql: string,
): readonly Row[] {
  const query = compiled(sql, []);
  const { part } = query;
  if (part.kind === "none") throw new Error(part.reason);
  const answers = partitions.map((rows) => {
    const answer = new QueryBed(engine, rows).run(query, part.statement(10_000));
    if (!answer.ok) throw new Error(answer.message);
    return answer.rows;
  });
  return mergeParts(part, answers);
}
