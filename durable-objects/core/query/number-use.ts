import { type Answer, refuse } from "../../../schema/error.ts";
import type { ShownRow } from "../read/view.ts";
import { isAggregate } from "./functions.ts";
import { expressionsOf, type Expression, partsOf } from "./query.ts";
import type { SelectParts } from "./select-text.ts";

/** A whole value that is added up or compared as a number: an object there would count as 0. */
export interface NumberUse {
  readonly relation: string;
  /** With `value` where the value stands. */
  readonly text: (value: string) => string;
}

const AGGREGATES: ReadonlySet<string> = new Set(["avg", "max", "min", "sum", "total"]);
const ARITHMETIC: ReadonlySet<string> = new Set(["+", "-", "*", "/", "%"]);

export function numberUses({ query, items, scope }: SelectParts): readonly NumberUse[] {
  const waiting = [...expressionsOf(query)];
  const uses: NumberUse[] = [];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const expression = next;
    waiting.push(...partsOf(expression));
    if (!countsAsNumber(expression)) continue;
    for (const part of partsOf(expression)) {
      if (part.kind !== "column" || scope.itemOf(part, items) !== undefined) continue;
      const { table, column } = scope.column(part);
      if (column === "value") uses.push({ relation: table.relation, text: (value) => useText(expression, value) });
    }
  }
  return uses;
}

function countsAsNumber(expression: Expression): boolean {
  if (expression.kind === "call") return AGGREGATES.has(expression.name) && isAggregate(expression);
  return expression.kind === "binary" && ARITHMETIC.has(expression.operator);
}

function useText(expression: Expression, value: string): string {
  if (expression.kind === "call") return `${expression.name}(${value})`;
  return expression.kind === "binary" ? `${value} ${expression.operator} …` : value;
}

/** Says where an object or an array would be taken for a number, and how to take a number out of it. */
export function numberProblem(
  uses: readonly NumberUse[],
  rowsOf: (relation: string) => readonly ShownRow[],
): Answer<never> | undefined {
  for (const { relation, text } of uses) {
    const found = rowsOf(relation).find(({ value }) => value.startsWith("{") || value.startsWith("["));
    if (found === undefined) continue;
    const object = found.value.startsWith("{");
    const [, field = "field"] = /^\{"([A-Za-z_]\w*)"/.exec(found.value) ?? [];
    const message = `${text("value")} is of numbers, and the value of key ${JSON.stringify(found.key.slice(0, 100))} is an ${object ? "object" : "array"}`;
    const hint = `Take a number out of it: ${text(`value ->> '$${object ? `.${field}` : "[0]"}'`)}`;
    return refuse("sql_error", message, { field: "sql", hint });
  }
  return undefined;
}
