import { type Answer, refuse } from "../../schema/error.ts";
import { MAX_SQL_RESULT_ROWS } from "../../schema/limits.ts";
import type { StoreSqlAnswer, StoreSqlRequest } from "../../schema/rpc/store.ts";
import { describeStore, shownStore } from "../core/plan/stores.ts";
import { type CompiledQuery, compileQuery, type QueryTable } from "../core/query/compile.ts";
import { QueryProblem, sqliteProblem } from "../core/query/problem.ts";
import { type QueryEngine, type Result, runQuery } from "../core/query/run-query.ts";
import type { Statement } from "../core/query/select-text.ts";
import { viewOf } from "../core/read/view-of.ts";
import { behindKey, type View } from "../core/read/view.ts";
import { errorText } from "../core/sink/error-text.ts";
import { queryColumns } from "../store-query.ts";
import type { AttachedTask } from "./attached-task.ts";
import type { Loaded } from "./loaded.ts";
import { reflects, viewIn } from "./store-reader.ts";

interface At {
  readonly loaded: Loaded;
  readonly task: AttachedTask;
}

/** One SELECT over what the task has committed. What runs is made of what was understood of it, and reads parameters alone. */
export function runSql(
  storage: DurableObjectStorage,
  { loaded, task }: At,
  request: StoreSqlRequest,
): Answer<StoreSqlAnswer> {
  const { sql, parameters, key } = request;
  const nodes = task.plan?.nodes ?? [];
  const compiled = compileQuery({ sql, parameters }, (name) => {
    const store = shownStore(nodes, name);
    return store && queryColumns(describeStore(store));
  });
  if (!compiled.ok) return compiled;
  const { query } = compiled;
  for (const { store } of query.tables) {
    const found = viewIn(task, store);
    if (!found.ok) return found;
  }
  const made = statementOf(query, request);
  if (!made.ok) return made;
  const viewOfTable = ({ store }: QueryTable): View => {
    const found = shownStore(nodes, store);
    if (found === undefined) throw new Error(`store ${store} has gone`);
    return viewOf(task.store, found);
  };
  const keys = key === undefined ? {} : { fromKey: key, toKey: behindKey(key) };
  const { statement, most } = made;
  const ran = rolledBack(storage, (engine) =>
    answered(() => runQuery(query, statement, { engine, viewOf: viewOfTable, keys, maxRows: most })),
  );
  return ran.ok ? (withinGroups(ran, query, request) ?? { ...ran, ...reflects(loaded, task) }) : ran;
}

function statementOf(
  query: CompiledQuery,
  request: StoreSqlRequest,
): Answer<{ readonly statement: Statement; readonly most: number }> {
  const { part } = query;
  // One more than wanted says whether there are more.
  if (!request.part) return { ok: true, statement: query.whole(request.maxRows + 1), most: request.maxRows };
  if (part.kind === "none") return refuse("sql_error", part.reason, { field: "sql" });
  if (part.kind === "rows") return { ok: true, statement: part.statement(request.maxRows + 1), most: Infinity };
  return { ok: true, statement: part.statement(), most: MAX_SQL_RESULT_ROWS };
}

/** Groups can be merged only if they are all there. */
function withinGroups({ more }: Result, { part }: CompiledQuery, request: StoreSqlRequest): Answer<never> | undefined {
  if (!request.part || part.kind !== "groups" || !more) return undefined;
  return refuse("query_too_expensive", `a partition has more than ${MAX_SQL_RESULT_ROWS} groups`, {
    field: "sql",
    hint: 'Ask one partition: "partition" beside the query',
  });
}

/** SQLite says what is wrong with a statement when it runs; a view may run user code, which throws what it likes. */
function answered(run: () => Answer<Result>): Answer<Result> {
  try {
    return run();
  } catch (error) {
    const { message } = errorText(error);
    if (error instanceof QueryProblem) return refuse("sql_error", message, { field: "sql", hint: error.hint });
    return refuse("internal", `a store holds what its result cannot be made of: ${message}`, {
      hint: "Raise the pipeline's version where an aggregate has changed.",
    });
  }
}

/** A SELECT writes nothing; should one ever, nothing of it stays. */
function rolledBack<T>(storage: DurableObjectStorage, work: (engine: QueryEngine) => T): T {
  const results: T[] = [];
  const done = new Error("rolled back");
  try {
    storage.transactionSync(() => {
      results.push(work({ rows: (text, parameters) => rowsOf(storage.sql, text, parameters) }));
      throw done;
    });
  } catch (error) {
    if (error !== done) throw error;
  }
  return results[0] as T;
}

function* rowsOf(sql: SqlStorage, text: string, parameters: readonly string[]): Generator<readonly unknown[]> {
  try {
    yield* sql.exec(text, ...parameters).raw();
  } catch (error) {
    throw sqliteProblem(error instanceof Error ? error.message : String(error));
  }
}
