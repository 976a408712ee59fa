import { QueryProblem } from "./problem.ts";
import type { Expression, Item, Query } from "./query.ts";
import type { Scope } from "./scope.ts";

/** Made of a query, for all of its rows or for those of one partition. */
export interface Statement {
  readonly text: string;
  /** Of its answer. */
  readonly columns: number;
}

export interface SelectParts {
  readonly query: Query;
  readonly scope: Scope;
  /** What is selected, `*` spelled out. */
  readonly items: readonly Item[];
}

export interface SelectOptions {
  /** Behind the items. */
  readonly hidden?: readonly Expression[];
  /** Groups as they are: without HAVING and order. */
  readonly bare?: boolean;
  readonly limit?: number;
  readonly offset?: number;
}

/** SQL over the relations of the tables. */
export function selectText({ query, scope, items }: SelectParts, options: SelectOptions): string {
  const { hidden = [], bare = false, limit = Infinity, offset = 0 } = options;
  const selected = [...items.map(({ expression }) => expression), ...hidden].map((each) => scope.text(each, items));
  const clauses = [`SELECT ${query.distinct ? "DISTINCT " : ""}${selected.join(", ")}`, `FROM ${fromText(scope)}`];
  if (query.where !== undefined) clauses.push(`WHERE ${scope.text(query.where)}`);
  if (query.groupBy.length > 0) {
    clauses.push(`GROUP BY ${query.groupBy.map((each) => scope.text(named(each, items), items)).join(", ")}`);
  }
  if (query.having !== undefined && !bare) clauses.push(`HAVING ${scope.text(query.having, items)}`);
  if (query.orderBy.length > 0 && !bare) {
    const orders = query.orderBy.map(({ expression, descending, nullsFirst }) => {
      const text = scope.text(named(expression, items), items);
      return `${text} ${descending ? "DESC" : "ASC"} NULLS ${nullsFirst ? "FIRST" : "LAST"}`;
    });
    clauses.push(`ORDER BY ${orders.join(", ")}`);
  }
  if (limit !== Infinity || offset > 0) clauses.push(`LIMIT ${limit === Infinity ? -1 : limit} OFFSET ${offset}`);
  return clauses.join(" ");
}

function fromText(scope: Scope): string {
  const tables = scope.tables.map(({ relation, join }) => {
    if (join === undefined) return relation;
    return `${join.kind === "left" ? "LEFT JOIN" : "JOIN"} ${relation} ON ${scope.text(join.on)}`;
  });
  return tables.join(" ");
}

/** A whole number alone is the place of an item. */
export function named(expression: Expression, items: readonly Item[]): Expression {
  if (expression.kind !== "number" || !/^\d+$/.test(expression.text)) return expression;
  const item = items[Number(expression.text) - 1];
  if (item !== undefined) return item.expression;
  throw new QueryProblem(`there is no column ${expression.text} to group or to order by`, {
    at: expression.at,
    hint: `The query selects ${items.length}, counted from 1`,
  });
}
