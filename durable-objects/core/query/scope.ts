import { AGGREGATES, isAggregate, SCALARS } from "./functions.ts";
import { QueryProblem } from "./problem.ts";
import {
  type Call,
  type ColumnName,
  type Expression,
  type Item,
  partsOf,
  type TableName,
  type Value,
} from "./query.ts";

/** A table of the query, the columns that its store has, and what it is called where the query runs. */
export interface ScopeTable extends TableName {
  readonly columns: readonly string[];
  readonly relation: string;
}

const MAX_WILDCARDS = 2;

/** What names stand for, and the text of expressions: made of what was understood of them, never of what was written. */
export class Scope {
  readonly tables: readonly ScopeTable[];

  constructor(tables: readonly ScopeTable[]) {
    for (const [index, { alias, at }] of tables.entries()) {
      if (tables.findIndex((other) => same(other.alias, alias)) !== index)
        throw new QueryProblem(`two tables are called ${alias}`, { at, hint: "Call one otherwise: … AS other" });
    }
    this.tables = tables;
  }

  /** The table and the column of a name. */
  column({ table, name, at }: ColumnName): { readonly table: ScopeTable; readonly column: string } {
    const tables = table === undefined ? this.tables : this.tables.filter(({ alias }) => same(alias, table));
    if (tables.length === 0)
      throw new QueryProblem(`there is no table ${table}`, {
        at,
        hint: `There is ${listed(this.tables.map(({ alias }) => alias))}`,
      });
    const found = tables.flatMap((each) => {
      const column = each.columns.find((known) => same(known, name));
      return column === undefined ? [] : [{ table: each, column }];
    });
    const [first] = found;
    if (first === undefined) {
      const hint = tables.map(({ alias, columns }) => `${alias} has ${listed(columns)}`).join("; ");
      throw new QueryProblem(`there is no column ${name}`, { at, hint });
    }
    if (found.length > 1)
      throw new QueryProblem(`column ${name} is in several tables`, { at, hint: `Write ${first.table.alias}.${name}` });
    return first;
  }

  /** What was selected by this name, where no column is called so. */
  itemOf({ table, name }: ColumnName, items: readonly Item[]): Item | undefined {
    if (table !== undefined || this.tables.some(({ columns }) => columns.some((column) => same(column, name))))
      return undefined;
    return items.find((item) => same(item.name, name));
  }

  /** `items`: names that may stand for what was selected, where no column is called so. */
  text(expression: Expression, items: readonly Item[] = []): string {
    const text = (part: Expression): string => this.text(part, items);
    switch (expression.kind) {
      case "constant":
        return constantText(expression.value);
      case "number":
        return expression.text;
      case "column":
        return this.#columnText(expression, items);
      case "call":
        return this.#callText(expression, text);
      case "unary":
        return `(${expression.operator} ${text(expression.of)})`;
      case "binary":
        return `(${text(expression.left)} ${expression.operator} ${text(expression.right)})`;
      case "match":
        checkPattern(expression);
        return `(${text(expression.of)} ${negated(expression)}${expression.operator} ${text(expression.pattern)})`;
      case "between":
        return `(${text(expression.of)} ${negated(expression)}BETWEEN ${text(expression.low)} AND ${text(expression.high)})`;
      case "in":
        return `(${text(expression.of)} ${negated(expression)}IN (${expression.list.map(text).join(", ")}))`;
      case "case": {
        const branches = expression.branches.map(([when, then]) => `WHEN ${text(when)} THEN ${text(then)}`).join(" ");
        const otherwise = expression.otherwise === undefined ? "" : ` ELSE ${text(expression.otherwise)}`;
        return `CASE ${expression.of === undefined ? "" : `${text(expression.of)} `}${branches}${otherwise} END`;
      }
      case "cast":
        return `CAST(${text(expression.of)} AS ${expression.type})`;
    }
  }

  #columnText(column: ColumnName, items: readonly Item[]): string {
    const item = this.itemOf(column, items);
    if (item !== undefined) return this.text(item.expression);
    const found = this.column(column);
    return `${found.table.relation}."${found.column}"`;
  }

  #callText(call: Call, text: (part: Expression) => string): string {
    const { name, args, star, distinct, at } = call;
    const aggregate = isAggregate(call);
    const arity = (aggregate ? AGGREGATES : SCALARS).get(name);
    if (arity === undefined) {
      const hint = `There is ${listed([...new Set([...SCALARS.keys(), ...AGGREGATES.keys()])].toSorted())}`;
      throw new QueryProblem(`there is no function ${name}`, { at, hint });
    }
    const fits = star ? name === "count" : args.length >= arity[0] && args.length <= arity[1];
    if (!fits || (name === "count" && args.length === 0 && !star))
      throw new QueryProblem(`${name} does not take ${star ? "*" : `${args.length} arguments`}`, { at });
    if (distinct && !aggregate) throw new QueryProblem(`${name} takes no DISTINCT`, { at });
    if (aggregate && args.some(hasAggregate))
      throw new QueryProblem(`an aggregate stands in ${name}, which is one itself`, { at });
    return `${name}(${distinct ? "DISTINCT " : ""}${star ? "*" : args.map(text).join(", ")})`;
  }
}

export function hasAggregate(expression: Expression): boolean {
  return (expression.kind === "call" && isAggregate(expression)) || partsOf(expression).some(hasAggregate);
}

function constantText(value: Value): string {
  if (value === null) return "NULL";
  // 1e999 reads back as what it is; there is no other number that JSON cannot write.
  if (typeof value === "number") return Number.isFinite(value) ? `(${value})` : value > 0 ? "1e999" : "(-1e999)";
  if (value.includes("\0")) throw new QueryProblem("a text has a character of code 0", {});
  return `'${value.replaceAll("'", "''")}'`;
}

/** SQLite tries every way in which wildcards may match. */
function checkPattern({ operator, pattern, at }: Extract<Expression, { kind: "match" }>): void {
  if (pattern.kind !== "constant" || typeof pattern.value !== "string")
    throw new QueryProblem(`the pattern of ${operator} is not a text`, {
      at,
      hint: "Write it in the query, or give it as a parameter",
    });
  const wildcards = pattern.value.split(operator === "LIKE" ? "%" : "*").length - 1;
  if (wildcards > MAX_WILDCARDS)
    throw new QueryProblem(`the pattern of ${operator} has ${wildcards} wildcards`, {
      at,
      hint: `Use at most ${MAX_WILDCARDS}`,
    });
}

function negated({ not }: { readonly not: boolean }): string {
  return not ? "NOT " : "";
}

/** As SQLite compares names: without case. */
export function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function listed(names: readonly string[]): string {
  return names.join(", ");
}
