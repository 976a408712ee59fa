import { behindKey } from "../read/view.ts";
import { compareKeys, keysWithPrefix } from "../store/key-order.ts";
import { conjuncts, type ColumnName, type Expression, type Query, type Value } from "./query.ts";
import { type Scope, same } from "./scope.ts";

/** Rows of a table that the query can be about: `fromKey <= key < toKey`, both times included. */
export interface Bounds {
  readonly fromKey?: string | undefined;
  readonly toKey?: string | undefined;
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
}

type Comparison = { readonly column: ColumnName; readonly operator: string; readonly value: Value };

const MIRRORED: { readonly [operator: string]: string } = { "<": ">", "<=": ">=", ">": "<", ">=": "<=" };

/**
 * By alias, what the conditions that must all hold say of the keys and times of a table. A key that is given for one table is
 * that of those joined to it by key. What is left out here is only read in vain.
 */
export function boundsOf(query: Query, scope: Scope): ReadonlyMap<string, Bounds> {
  const conditions = conditionsOf(query);
  const bounds = new Map<string, Bounds>(scope.tables.map(({ alias }) => [alias, {}]));
  for (const condition of conditions) {
    for (const { column, operator, value } of comparisonsIn(condition)) {
      const { table, column: name } = scope.column(column);
      bounds.set(table.alias, meet(bounds.get(table.alias) ?? {}, boundOf(name, operator, value)));
    }
  }
  for (const [one, other] of joinedKeys(query, scope)) {
    const both = meet(keysOf(bounds.get(one)), keysOf(bounds.get(other)));
    bounds.set(one, { ...bounds.get(one), ...(leftOf(query, other) ? {} : both) });
    bounds.set(other, { ...bounds.get(other), ...both });
  }
  return bounds;
}

/** Of a left join the condition says nothing of the rows before it. */
function conditionsOf({ where, tables }: Query): readonly Expression[] {
  return [...conjuncts(where), ...tables.flatMap(({ join }) => (join?.kind === "inner" ? conjuncts(join.on) : []))];
}

function leftOf({ tables }: Query, alias: string): boolean {
  return tables.find((table) => table.alias === alias)?.join?.kind === "left";
}

/** Aliases of tables whose keys a join makes equal: the earlier one first. */
function joinedKeys({ tables }: Query, scope: Scope): (readonly [string, string])[] {
  return tables.flatMap(({ join, alias }) =>
    equalColumns(join?.on, scope).flatMap(([one, other]) => {
      if (one.column !== "key" || other.column !== "key") return [];
      const pair = one.table.alias === alias ? ([other, one] as const) : ([one, other] as const);
      return [[pair[0].table.alias, pair[1].table.alias] as const];
    }),
  );
}

type Found = ReturnType<Scope["column"]>;

/** Columns of different tables that a condition makes equal. */
export function equalColumns(on: Expression | undefined, scope: Scope): (readonly [Found, Found])[] {
  return conjuncts(on).flatMap((condition) => {
    if (condition.kind !== "binary" || condition.operator !== "=") return [];
    const { left, right } = condition;
    if (left.kind !== "column" || right.kind !== "column") return [];
    const [one, other] = [scope.column(left), scope.column(right)];
    return one.table === other.table ? [] : [[one, other] as const];
  });
}

function comparisonsIn(condition: Expression): readonly Comparison[] {
  if (condition.kind === "between" && !condition.not && condition.of.kind === "column") {
    const [low, high] = [valueOf(condition.low), valueOf(condition.high)];
    const { of: column } = condition;
    return [
      ...(low === undefined ? [] : [{ column, operator: ">=", value: low }]),
      ...(high === undefined ? [] : [{ column, operator: "<=", value: high }]),
    ];
  }
  if (condition.kind === "match" && condition.operator === "GLOB" && !condition.not && condition.of.kind === "column") {
    const pattern = valueOf(condition.pattern);
    return typeof pattern === "string" ? [{ column: condition.of, operator: "GLOB", value: pattern }] : [];
  }
  if (condition.kind !== "binary") return [];
  const { left, operator, right } = condition;
  const [leftValue, rightValue] = [valueOf(left), valueOf(right)];
  if (left.kind === "column" && rightValue !== undefined) return [{ column: left, operator, value: rightValue }];
  if (right.kind === "column" && leftValue !== undefined)
    return [{ column: right, operator: MIRRORED[operator] ?? operator, value: leftValue }];
  return [];
}

function valueOf(expression: Expression): Value | undefined {
  if (expression.kind === "constant") return expression.value;
  return expression.kind === "number" ? Number(expression.text) : undefined;
}

function boundOf(column: string, operator: string, value: Value): Bounds {
  if (same(column, "key")) return typeof value === "string" ? keyBound(operator, value) : {};
  if (!same(column, "start") && !same(column, "at")) return {};
  return typeof value === "number" ? timeBound(operator, value) : {};
}

function keyBound(operator: string, value: string): Bounds {
  switch (operator) {
    case "=":
    case "IS":
      return { fromKey: value, toKey: behindKey(value) };
    case ">":
    case ">=":
      return { fromKey: value };
    case "<":
      return { toKey: value };
    case "<=":
      return { toKey: behindKey(value) };
    case "GLOB": {
      const { from, to } = keysWithPrefix(/^[^*?[]*/.exec(value)?.[0] ?? "");
      return { fromKey: from, toKey: to };
    }
    default:
      return {};
  }
}

function timeBound(operator: string, value: number): Bounds {
  switch (operator) {
    case "=":
    case "IS":
      return { fromMs: Math.ceil(value), toMs: Math.floor(value) };
    case ">":
    case ">=":
      return { fromMs: Math.ceil(value) };
    case "<":
    case "<=":
      return { toMs: Math.floor(value) };
    default:
      return {};
  }
}

function keysOf({ fromKey, toKey }: Bounds = {}): Bounds {
  return { fromKey, toKey };
}

export function meet(a: Bounds, b: Bounds): Bounds {
  return {
    fromKey: later(a.fromKey, b.fromKey),
    toKey: earlier(a.toKey, b.toKey),
    fromMs: most(a.fromMs, b.fromMs),
    toMs: least(a.toMs, b.toMs),
  };
}

function later(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return compareKeys(a, b) >= 0 ? a : b;
}

function earlier(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return compareKeys(a, b) <= 0 ? a : b;
}

function most(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);
}

function least(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}
