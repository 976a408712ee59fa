import { Hono } from "hono";
import { refuse, type Answer } from "../../schema/error.ts";
import type { TableDescription } from "../../schema/rpc/catalog.ts";
import { noQuery } from "../../schema/wire/request/parameter.ts";
import { tableQuery } from "../../schema/wire/request/table.ts";
import { answered, json } from "../answer.ts";
import type { Edge } from "../edge.ts";
import { withQuery } from "../input.ts";
import { problem } from "../refuse.ts";
import { ask, catalogOf } from "../stubs.ts";

function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}

/** A sink creates its table with its first delivery; until then there are no rows. */
async function rowsOf(statement: D1PreparedStatement): Promise<Answer<{ readonly rows: readonly object[] }>> {
  try {
    return { ok: true, rows: (await statement.all<Record<string, unknown>>()).results };
  } catch (error) {
    const message = error instanceof Error ? error.message : "";
    if (message.includes("no such table")) return { ok: true, rows: [] };
    if (/overloaded|reset|connection|timeout/i.test(message)) return refuse("overloaded", "the database is busy");
    throw error;
  }
}

export const tables: Hono<Edge> = new Hono<Edge>();

tables.get(
  "/v1/tables",
  withQuery(noQuery, async (context) => {
    const answer = await ask(catalogOf(context.env).tables({}));
    return answered(answer, (found) => {
      return json({ tables: found.tables.map(({ table, pipeline, columns }) => ({ table, pipeline, columns })) });
    });
  }),
);

/** Table and column names come from the Catalog's list, never from the request (TAB-2). */
function find(known: readonly TableDescription[], table: string, orderBy: string | undefined) {
  const description = known.find((one) => one.table === table);
  if (description === undefined) {
    const hint = "GET /v1/tables lists the tables that pipelines write";
    return refuse("not_found", `there is no table "${table}"`, { hint });
  }
  const column = description.columns.find((one) => one === orderBy);
  if (orderBy !== undefined && column === undefined) {
    const hint = `Its columns are ${description.columns.join(", ")}`;
    return refuse("invalid_request", `table "${table}" has no column "${orderBy}"`, { hint, field: "orderBy" });
  }
  return { ok: true as const, description, column };
}

tables.get(
  "/v1/tables/:table",
  withQuery(tableQuery, async (context, query) => {
    const { orderBy, order, limit } = query;
    const list = await ask(catalogOf(context.env).tables({}));
    if (!list.ok) return problem(list);
    const found = find(list.tables, context.req.param("table") ?? "", orderBy);
    if (!found.ok) return problem(found);
    const { table, columns } = found.description;
    const ordered =
      found.column === undefined ? "" : ` ORDER BY ${quoted(found.column)} ${order === "asc" ? "ASC" : "DESC"}`;
    const sql = `SELECT ${columns.map(quoted).join(", ")} FROM ${quoted(table)}${ordered} LIMIT ?`;
    const rows = await rowsOf(context.env.DB.prepare(sql).bind(limit));
    return answered(rows, (value) => json({ columns, rows: value.rows }));
  }),
);
