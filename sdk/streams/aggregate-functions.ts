import type { AggregateNode } from "../../schema/plan.ts";
import { type Given, streamFunctions } from "./aggregators/functions.ts";
import { storeOf, type WindowStoreOptions } from "./store.ts";
import type { Place } from "./stream-place.ts";

/** Adds an aggregate node under the word; it is told the name that the node will have. */
export type AddAggregate = (
  word: string,
  aggregate: (nodeName: string) => Omit<AggregateNode, "name" | "inputs">,
) => Place;

/** What an aggregate computes. */
export type Functions = Pick<
  AggregateNode,
  "initializer" | "aggregator" | "merger" | "result" | "plain" | "immutable" | "counts"
>;

/** What is the same for every aggregate of one windowed stream. */
export type Windowing = Required<Pick<AggregateNode, "windows">> & Pick<AggregateNode, "emit" | "closeWhenIdleMs">;

export const COUNT: Functions = { initializer: () => 0, aggregator: (count) => (count as number) + 1, counts: true };

/** Adds an aggregate of a windowed stream. */
export function addWindowed(
  add: AddAggregate,
  word: string,
  {
    windowing,
    functions,
    options = {},
  }: { windowing: Windowing; functions: Functions; options?: WindowStoreOptions | undefined },
): Place {
  return add(word, (nodeName) => ({
    kind: "aggregate",
    store: storeOf(options, nodeName),
    ...windowing,
    ...functions,
  }));
}

type Fold = (aggregate: never, value: never, key: string) => unknown;
/** What `aggregate` is given behind an initializer, or behind aggregators. */
export type Rest<Options> = readonly [given?: Fold | Options, options?: Options];

/** Of `aggregate(initializer, aggregator, options)` and of `aggregate(aggregators, options)`. */
export function functionsOf<Value, Options extends object>(
  given: Given<Value> | (() => unknown),
  [second, third]: Rest<Options>,
): readonly [Functions, Options | undefined] {
  if (typeof given !== "function") return [streamFunctions(given), second as Options | undefined];
  return [{ initializer: given, aggregator: second as AggregateNode["aggregator"] }, third];
}
