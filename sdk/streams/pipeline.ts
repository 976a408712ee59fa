import type { ErrorPolicy, Plan, Trigger, ValueFormat } from "../../schema/plan.ts";
import { topologyOf } from "../../schema/topology/topology.ts";
import { GlobalTable } from "./global-table.ts";
import { checkName, Graph } from "./graph.ts";
import { tableOf, type TableOptions } from "./store.ts";
import { Stream, tableAt } from "./stream.ts";
import type { Table } from "./table.ts";
import { perEvent } from "./trigger.ts";

/**
 * What the function given to `pipeline` gets. `stream` reads a topic as JSON values of the type you name, as text or as
 * bytes; a record whose value does not read so goes to the dead-letter topic. Values of a topic with tombstones are
 * `Order | null`. `table` reads a topic as rows, the last value of each key: a tombstone removes its key, and a record
 * without a key is dropped and counted. `globalTable` reads one so that every partition has all its rows.
 *
 * @example
 * import { pipeline, type PipelineBuilder } from "../sdk/streams/index.ts";
 *
 * function copy({ stream, table }: PipelineBuilder): void {
 *   stream("orders").to("orders-copy");
 *   table("customers", { store: "customers" }).to("customers-copy");
 * }
 * pipeline("copy", copy);
 */
export interface PipelineBuilder {
  readonly stream: {
    <Value>(topic: string, options?: { readonly format?: "json" }): Stream<Value>;
    (topic: string, options: { readonly format: "text" }): Stream<string>;
    (topic: string, options: { readonly format: "bytes" }): Stream<Uint8Array>;
  };
  readonly table: {
    <Row>(topic: string, options?: TableOptions & { readonly format?: "json" }): Table<Row | null, string>;
    (topic: string, options: TableOptions & { readonly format: "text" }): Table<string | null, string>;
  };
  readonly globalTable: {
    <Row>(topic: string, options?: { readonly format?: "json" }): GlobalTable<Row>;
    (topic: string, options: { readonly format: "text" }): GlobalTable<string>;
  };
}

/**
 * A pipeline: its name, version, trigger and topology. Immutable; `trigger` and `version` give a changed copy.
 *
 * @example
 * import { every, pipeline, type Pipeline } from "../sdk/streams/index.ts";
 *
 * const copy: Pipeline = pipeline("copy", ({ stream }) => stream("orders").to("orders-copy"));
 * const copyInBatches = copy.trigger(every("2 seconds")).version(2);
 */
export class Pipeline {
  readonly plan: Plan;

  constructor(plan: Plan) {
    this.plan = plan;
  }

  /**
   * The topology for reading: lines in the manner of Kafka Streams' `Topology.describe()`, and a Mermaid flowchart. Which
   * tasks it is cut into, and the internal topics between them, the test driver's `describe` and a running pipeline tell.
   *
   * @example
   * import { pipeline } from "../sdk/streams/index.ts";
   *
   * const { text, mermaid } = pipeline("copy", ({ stream }) => stream("orders").to("orders-copy")).describe();
   * console.log(text, mermaid);
   */
  describe(): { readonly text: string; readonly mermaid: string } {
    const { text, mermaid } = topologyOf(this.plan);
    return { text, mermaid };
  }

  /**
   * When it runs: `perEvent()`, which it is unless told, or `every("2 seconds")`. Keeps state and position.
   *
   * @example
   * import { everyRecords, pipeline } from "../sdk/streams/index.ts";
   *
   * pipeline("copy", ({ stream }) => stream("orders").to("copy")).trigger(everyRecords(500, { atMost: "5 seconds" }));
   */
  trigger(trigger: Trigger): Pipeline {
    return new Pipeline({ ...this.plan, trigger });
  }

  /**
   * What becomes of a record on which user code throws: `deadLetter()` unless told, `fail()`, `retry(3)` or `parkKey()`.
   *
   * @example
   * import { pipeline, retry } from "../sdk/streams/index.ts";
   *
   * pipeline("copy", ({ stream }) => stream("orders").to("copy")).onError(retry(3, { backoff: "1 second" }));
   */
  onError(onError: ErrorPolicy): Pipeline {
    return new Pipeline({ ...this.plan, onError });
  }

  /**
   * What it writes may come back to it: through a topic that it reads and writes, or by way of other pipelines, of which
   * each must allow it. Without it such a circle is refused, because it may go on for ever: see to it that records stop by
   * themselves, as here after three tries. A reset from the earliest record reads what went round before again.
   *
   * @example
   * import { pipeline } from "../sdk/streams/index.ts";
   *
   * interface Job {
   *   readonly url: string;
   *   readonly tries: number;
   * }
   *
   * pipeline("jobs", ({ stream }) => {
   *   const tried = stream<Job>("jobs").mapValues((job) => ({ ...job, tries: job.tries + 1 }));
   *   tried.filter((job) => job.tries < 3).to("jobs");
   *   tried.filter((job) => job.tries >= 3).to("jobs-done");
   * }).allowCycle();
   */
  allowCycle(): Pipeline {
    return new Pipeline({ ...this.plan, allowCycle: true });
  }

  /**
   * 1 unless told. Raise it when the stores change their shape: the new version starts from nothing. It takes the place of the
   * one that runs at its deploy; with `takesOver: "fork"` it waits beside it, both listed in `pipelines/index.ts`, until
   * `fork` starts it with its outputs muted and `swap` exchanges them.
   *
   * @example
   * import { pipeline } from "../sdk/streams/index.ts";
   *
   * export const counts = pipeline("counts", ({ stream }) => stream("orders").groupByKey().count()).version(2);
   * export const next = counts.version(3, { takesOver: "fork" });
   */
  version(version: number, { takesOver }: { readonly takesOver?: "fork" | undefined } = {}): Pipeline {
    if (!Number.isSafeInteger(version) || version < 1) {
      throw new Error(`Version ${version} of pipeline "${this.plan.name}" cannot be. Use a whole number from 1.`);
    }
    const { takesOver: _, ...plan } = this.plan;
    return new Pipeline({ ...plan, version, ...(takesOver === undefined ? {} : { takesOver }) });
  }
}

/**
 * Defines a pipeline: calls `define` once, at once. Throws when a name, a duration or an option cannot be; what only the
 * whole topology shows (two tables of one name, an aggregate after `selectKey`) is refused when it is tested or deployed.
 *
 * @example
 * import { d1, every, pipeline, tumbling } from "../sdk/streams/index.ts";
 *
 * export const sales = pipeline("sales", ({ stream }) => {
 *   const orders = stream<{ amount: number }>("orders");
 *   orders.filter((order) => order.amount > 1_000).to("large-orders");
 *   orders
 *     .groupByKey()
 *     .windowedBy(tumbling({ size: "1 hour", grace: "5 minutes" }))
 *     .aggregate(() => 0, (total, order) => total + order.amount, { store: "sales-per-hour" })
 *     .toStream()
 *     .mapValues((total, hour) => ({ shop: hour.key, hour: hour.start, total }))
 *     .to(d1("sales", { columns: { shop: "TEXT", hour: "INTEGER", total: "REAL" }, primaryKey: ["shop", "hour"] }));
 * }).trigger(every("2 seconds"));
 */
export function pipeline(name: string, define: (builder: PipelineBuilder) => unknown): Pipeline {
  checkName("pipeline", name);
  const graph = new Graph();
  const stream = (topic: string, options: { readonly format?: ValueFormat } = {}): Stream<never> =>
    new Stream(graph, graph.source(topic, options.format ?? "json"));
  const table = (
    topic: string,
    options: TableOptions & { readonly format?: ValueFormat } = {},
  ): Table<never, string> => {
    const source = graph.source(topic, options.format ?? "json");
    return tableAt(graph, graph.add("table", { ...tableOf(options, graph.nextName("table")), inputs: [source] }));
  };
  const globalTable = (topic: string, options: { readonly format?: ValueFormat } = {}): GlobalTable<never> => {
    const source = graph.source(topic, options.format ?? "json");
    return new GlobalTable(graph, graph.add("globalTable", { kind: "globalTable", inputs: [source] }));
  };
  const result = define({ stream, table, globalTable });
  if (result instanceof Promise) {
    throw new Error(`The function that defines pipeline "${name}" is async. Define it synchronously.`);
  }
  const nodes = graph.close();
  if (nodes.length === 0) throw new Error(`Pipeline "${name}" reads nothing. Begin with stream("<topic>").`);
  return new Pipeline({ name, version: 1, trigger: perEvent(), nodes, deadLetterTopic: `${name}.dead-letters` });
}
