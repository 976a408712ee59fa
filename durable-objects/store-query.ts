import type { Answer } from "../schema/error.ts";
import type { SqlValue, StoreDescription } from "../schema/rpc/store.ts";
import { type CompiledQuery, compileQuery, type QueryText } from "./core/query/compile.ts";
import { mergeParts } from "./core/query/merge.ts";

/** For those that ask several partitions: the query is understood before one of them is asked. */
export function compileOver(
  text: QueryText,
  stores: readonly StoreDescription[],
): Answer<{ readonly query: CompiledQuery }> {
  return compileQuery(text, (name) => {
    const store = stores.find((each) => each.name === name);
    return store && queryColumns(store);
  });
}

/** What a query sees of a store: what tells its rows apart, the value, and the largest record time in it. */
export function queryColumns({ key }: StoreDescription): readonly string[] {
  return [...key, "value", "timestamp"];
}

/** One answer made of those of the partitions, if the query allows that. */
export function mergeAnswers(
  { part }: CompiledQuery,
  answers: readonly { readonly rows: readonly (readonly SqlValue[])[] }[],
): readonly (readonly SqlValue[])[] {
  if (part.kind === "none") throw new Error(part.reason);
  return mergeParts(
    part,
    answers.map(({ rows }) => rows),
  );
}
