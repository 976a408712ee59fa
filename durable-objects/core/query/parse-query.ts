import { parseExpression } from "./parse-expression.ts";
import { QueryProblem } from "./problem.ts";
import type { AllColumns, Expression, Item, Order, Query, TableName, Value } from "./query.ts";
import { TokenReader } from "./token-reader.ts";

/** One SELECT. Throws a QueryProblem for anything else. */
export function parseQuery(text: string, parameters: readonly Value[]): Query {
  const reader = new TokenReader(text, parameters);
  if (reader.at("WITH")) reader.fail("common table expressions are not among what a query has: SELECT is expected");
  if (!reader.take("SELECT")) reader.fail("SELECT is expected", "A query is one SELECT over stores of the pipeline");
  const distinct = reader.take("DISTINCT");
  if (!distinct) reader.take("ALL");
  const items = several(reader, parseItem);
  reader.expect("FROM");
  const tables = parseTables(reader);
  const where = reader.take("WHERE") ? parseExpression(reader) : undefined;
  const groupBy = reader.take("GROUP", "BY") ? several(reader, parseExpression) : [];
  const having = reader.take("HAVING") ? parseExpression(reader) : undefined;
  const orderBy = reader.take("ORDER", "BY") ? several(reader, parseOrder) : [];
  const limit = reader.take("LIMIT") ? parseCount(reader) : undefined;
  const offset = reader.take("OFFSET") ? parseCount(reader) : 0;
  reader.takeSymbol(";");
  if (reader.token.kind !== "end") {
    const within = [".", "-"].includes(reader.token.text)
      ? `. A name that holds "." or "-" stands in double quotes`
      : "";
    reader.fail("the end of the query is expected", `A query is one SELECT${within}`);
  }
  reader.checkParameters();
  return { distinct, items, tables, where, groupBy, having, orderBy, limit, offset };
}

function several<T>(reader: TokenReader, parse: (reader: TokenReader) => T): T[] {
  const all = [parse(reader)];
  while (reader.takeSymbol(",") !== undefined) all.push(parse(reader));
  return all;
}

function parseItem(reader: TokenReader): Item | AllColumns {
  const { at } = reader.token;
  if (reader.takeSymbol("*") !== undefined) return { all: true, table: undefined, at };
  const expression = parseExpressionOrAll(reader);
  if ("all" in expression) return expression;
  const end = reader.token.at;
  const alias = reader.take("AS") ? reader.next() : reader.takeName();
  if (alias !== undefined && alias.kind !== "name" && alias.kind !== "quoted")
    reader.fail("a name is expected after AS");
  const written = expression.kind === "column" ? expression.name : reader.text.slice(at, end).trim();
  return { expression, name: alias?.text ?? written };
}

function parseExpressionOrAll(reader: TokenReader): Expression | AllColumns {
  const { token, following } = reader;
  if (following.text === "." && reader.textAfter(2) === "*") {
    reader.next();
    reader.next();
    reader.next();
    return { all: true, table: token.text, at: token.at };
  }
  return parseExpression(reader);
}

function parseTables(reader: TokenReader): TableName[] {
  const tables = [parseTable(reader, undefined)];
  for (;;) {
    const left = reader.at("LEFT");
    if (left) {
      reader.next();
      reader.take("OUTER");
      reader.expect("JOIN");
    } else if (!reader.take("JOIN") && !reader.take("INNER", "JOIN")) {
      if (reader.takeSymbol(",") !== undefined || reader.at("CROSS") || reader.at("NATURAL"))
        reader.fail("stores are joined by their keys: JOIN … ON a.key = b.key is expected");
      return tables;
    }
    tables.push(parseTable(reader, { kind: left ? "left" : "inner", before: tables }));
  }
}

function parseTable(
  reader: TokenReader,
  join: { readonly kind: "inner" | "left"; readonly before: readonly TableName[] } | undefined,
): TableName {
  if (reader.token.text === "(") reader.fail("the name of a store is expected");
  const name = reader.expectName("a store");
  const alias = (reader.take("AS") ? reader.expectName("a table") : reader.takeName())?.text ?? name.text;
  const table = { store: name.text, alias, at: name.at };
  if (join === undefined) return { ...table, join: undefined };
  if (reader.take("USING")) return { ...table, join: { kind: join.kind, on: parseUsing(reader, alias, join.before) } };
  reader.expect("ON");
  return { ...table, join: { kind: join.kind, on: parseExpression(reader) } };
}

/** `USING (key, start)` says that these are equal in both. */
function parseUsing(reader: TokenReader, alias: string, before: readonly TableName[]): Expression {
  reader.expectSymbol("(");
  const columns = several(reader, () => reader.next());
  reader.expectSymbol(")");
  const equal = columns.map(({ text: name, at }): Expression => {
    const column = (table: string) => ({ kind: "column", table, name, at }) as const;
    return { kind: "binary", operator: "=", left: column(before[0]?.alias ?? alias), right: column(alias) };
  });
  return equal.reduce((left, right) => ({ kind: "binary", operator: "AND", left, right }));
}

function parseOrder(reader: TokenReader): Order {
  const expression = parseExpression(reader);
  const descending = reader.take("DESC");
  if (!descending) reader.take("ASC");
  // SQLite has null before every value.
  let nullsFirst = !descending;
  if (reader.take("NULLS", "FIRST")) nullsFirst = true;
  else if (reader.take("NULLS", "LAST")) nullsFirst = false;
  return { expression, descending, nullsFirst };
}

/** A number of rows, written or as a parameter. */
function parseCount(reader: TokenReader): number {
  const { token } = reader;
  const sign = reader.takeSymbol("-", "+") ?? "";
  const value = reader.token.kind === "parameter" ? reader.parameter(reader.next()) : `${sign}${reader.next().text}`;
  const count = value === "" || value === null ? NaN : Number(value);
  if (Number.isSafeInteger(count) && count >= 0) return count;
  throw new QueryProblem(`${value} is not a number of rows`, {
    at: token.at,
    hint: `LIMIT and OFFSET take whole numbers from 0 to ${Number.MAX_SAFE_INTEGER}; without LIMIT all rows come`,
  });
}
