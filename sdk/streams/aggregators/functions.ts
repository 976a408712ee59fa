import type { AggregateNode, TableAggregateNode } from "../../../schema/plan.ts";
import { type Aggregator, removerOf } from "./aggregator.ts";
import { type Aggregators, type AnyState, combined } from "./combined.ts";

/** What `aggregate` is given: an aggregator, or several under names. */
export type Given<Value> = Aggregator<Value, AnyState, unknown> | Aggregators<Value>;

/**
 * The same as a parameter's type. A call among the arguments, `sum((bid) => bid.price)`, learns what its values are from
 * the second part: from a type parameter alone it would not (TypeScript 7.0).
 */
export type Argument<Value, Aggregate extends Given<Value>> = Aggregate | Aggregator<Value, AnyState, never>;

/** What comes of it: a result, or results under the same names. */
export type ResultOf<Aggregate extends Given<never>> =
  Aggregate extends Aggregator<never, AnyState, infer Result>
    ? Result
    : { readonly [name in keyof Aggregate]: ResultIn<Aggregate[name]> };

type ResultIn<Part> = Part extends Aggregator<never, AnyState, infer Result> ? Result : never;

/** The functions of a stream's aggregate. */
export function streamFunctions(
  given: Given<never>,
): Pick<AggregateNode, "initializer" | "aggregator" | "result" | "plain" | "immutable"> {
  const { initial, add, result, plain, immutable } = aggregatorOf(given);
  return {
    plain,
    immutable,
    initializer: initial,
    aggregator: (state, value, ...[, timestampMs]) => add(state, value, timestampMs),
    result,
  };
}

/** Those of an aggregate over sessions, which may become one. */
export function sessionFunctions(
  given: Given<never>,
): ReturnType<typeof streamFunctions> & Pick<AggregateNode, "merger"> {
  const { merge } = aggregatorOf(given);
  return { ...streamFunctions(given), merger: (earlier, later) => merge(earlier, later) };
}

type TableFunctions = Pick<TableAggregateNode, "initializer" | "adder" | "subtractor" | "result">;

/** The functions of a table's aggregate, whose rows change: throws for an aggregator that takes nothing back. */
export function tableFunctions(given: Given<never>): TableFunctions {
  const aggregator = aggregatorOf(given);
  return {
    initializer: aggregator.initial,
    adder: (state, value, ...[, timestampMs]) => aggregator.add(state, value, timestampMs),
    subtractor: removerOf(aggregator),
    result: aggregator.result,
  };
}

function aggregatorOf(given: Given<never>): Aggregator<unknown, AnyState, unknown> {
  const aggregator = isAggregator(given) ? given : combined(given);
  // Its values are those of the node that it is put in.
  return aggregator as Aggregator<unknown, AnyState, unknown>;
}

function isAggregator(given: Given<never>): given is Aggregator<never, AnyState, unknown> {
  return typeof given.add === "function";
}
