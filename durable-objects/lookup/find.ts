import { LOOKUP_KEYS_PER_QUERY } from "../../schema/limits.ts";
import type { D1Lookup, FunctionLookup, LookupSource } from "../../schema/plan.ts";
import { cellsOf, lookupQuery, rowsFound } from "../core/lookup/d1-rows.ts";

/** How keys are asked for: a function of many, whatever the source is. */
export type Find = Pick<FunctionLookup, "atMost" | "find">;

export function findOf(source: LookupSource): Find {
  return source.kind === "d1" ? findInD1(source) : source;
}

function findInD1(source: D1Lookup): Find {
  const query = lookupQuery(source);
  return {
    atMost: LOOKUP_KEYS_PER_QUERY,
    find: async (keys, { env }) => {
      const database = (env as { readonly [binding: string]: D1Database | undefined })[source.binding];
      if (database === undefined) throw new Error(`the Worker has no D1 database ${source.binding}`);
      const asked = keys.map((key) => cellsOf(source, key));
      const cells = asked.filter((each) => !(each instanceof Error));
      const { results } = await database.prepare(query).bind(JSON.stringify(cells)).all();
      const found = rowsFound(source, cells.length, results);
      return asked.map((each) => (each instanceof Error ? each : found.shift()));
    },
  };
}
