import type { Graph } from "./graph.ts";

/**
 * The last value of each key of a topic, all of them in every partition of a pipeline that joins it: a stream finds rows
 * by any key, without being placed by that. Made by `globalTable(topic)`; at most 100 MB, else the pipeline stops. Every
 * record of the topic is written once a partition, so it suits tables that are small and change seldom.
 *
 * @example
 * import { type GlobalTable, pipeline } from "../sdk/streams/index.ts";
 *
 * pipeline("in-euros", ({ stream, globalTable }) => {
 *   const rates: GlobalTable<number> = globalTable("rates");
 *   stream<{ amount: number; currency: string }>("orders")
 *     .join(rates, (order, rate) => order.amount * rate, { key: (order) => order.currency })
 *     .to("orders-in-euros");
 * });
 */
export class GlobalTable<Row> {
  readonly #graph: Graph;
  readonly #node: string;
  /** Never there: it holds the type. */
  readonly row?: Row | undefined;

  /** Global tables come from `globalTable(topic)` inside `pipeline()`. */
  constructor(graph: Graph, node: string) {
    this.#graph = graph;
    this.#node = node;
  }

  /** The node, for a stream of the same pipeline. */
  nodeIn(graph: Graph): string {
    return graph.ownNode(this.#graph, this.#node);
  }
}
