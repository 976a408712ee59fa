import { MAX_SQL_DEPTH, MAX_SQL_GROWING_CALLS, MAX_SQL_GROWING_DEPTH } from "../../../schema/limits.ts";
import { QueryProblem } from "./problem.ts";
import { type Expression, expressionsOf, partsOf, type Query } from "./query.ts";

/** What they give may be twice as long as what they are given, or longer. */
const GROWING: ReadonlySet<string> = new Set(["hex", "json_array", "json_object"]);

interface Place {
  readonly expression: Expression;
  /** Expressions that it stands in, itself included. */
  readonly depth: number;
  /** Those of them that make text longer. */
  readonly growing: number;
}

/**
 * Forty times `hex` in each other make a text of a key that nothing can hold, and a long sum is a tree as deep as it is long,
 * which what goes down a tree has no stack for. So this one goes down none.
 */
export function checkWork(query: Query): void {
  const waiting: Place[] = expressionsOf(query).map((expression) => ({ expression, depth: 1, growing: 0 }));
  let calls = 0;
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
    const { expression, depth } = place;
    if (depth > MAX_SQL_DEPTH)
      throw new QueryProblem(`an expression is more than ${MAX_SQL_DEPTH} operators deep`, {
        hint: "Use fewer operators in a row; IN instead of many times OR",
      });
    const grows = expression.kind === "call" && GROWING.has(expression.name);
    const growing = place.growing + (grows ? 1 : 0);
    if (grows) calls++;
    if (grows && (growing > MAX_SQL_GROWING_DEPTH || calls > MAX_SQL_GROWING_CALLS)) {
      const hint = `Use them at most ${MAX_SQL_GROWING_CALLS} times, ${MAX_SQL_GROWING_DEPTH} in each other`;
      throw new QueryProblem(`there is too much of ${[...GROWING].join(", ")}`, { at: expression.at, hint });
    }
    for (const part of partsOf(expression)) waiting.push({ expression: part, depth: depth + 1, growing });
  }
}
