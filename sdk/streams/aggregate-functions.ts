import type { AggregateNode } from "../../schema/plan.ts";
import type { TablePlace } from "./table.ts";

/** Adds an aggregate node under the word; it is told the name that the node will have. */
export type AddAggregate = (
  word: string,
  aggregate: (nodeName: string) => Omit<AggregateNode, "name" | "inputs">,
) => TablePlace;

/** What an aggregate computes. */
export type Functions = Pick<AggregateNode, "initializer" | "aggregator" | "merger">;

/** What is the same for every aggregate of one windowed stream. */
export type Windowing = Required<Pick<AggregateNode, "windows">> & Pick<AggregateNode, "emit">;

export const COUNT: Functions = { initializer: () => 0, aggregator: (count) => (count as number) + 1 };
