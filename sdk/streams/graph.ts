import { PIPELINE_NAME_PATTERN, TOPIC_NAME_PATTERN } from "../../schema/limits.ts";
import type { PlanNode, ValueFormat } from "../../schema/plan.ts";
import type { Windows } from "../../schema/windows.ts";

type WithoutName<Node> = Node extends PlanNode ? Omit<Node, "name"> : never;

/**
 * The nodes of one pipeline while it is being defined, in topological order because a node can only name inputs that are
 * there. A name is the DSL's word and a count of that word, so a filter put in front renames no store.
 */
export class Graph {
  readonly #nodes: PlanNode[] = [];
  readonly #counts = new Map<string, number>();
  #closed = false;

  /** The name that the next node of this word will get. */
  nextName(word: string): string {
    return `${word}-${(this.#counts.get(word) ?? 0) + 1}`;
  }

  add(word: string, node: WithoutName<PlanNode>): string {
    if (this.#closed) {
      throw new Error(
        `${word} was called after the pipeline was defined. Call it inside the function given to pipeline().`,
      );
    }
    const name = this.nextName(word);
    this.#counts.set(word, (this.#counts.get(word) ?? 0) + 1);
    this.#nodes.push({ ...node, name } as PlanNode);
    return name;
  }

  /** A node of another stream that is to be read together with this one's. */
  ownNode(graph: Graph, node: string): string {
    if (graph === this) return node;
    throw new Error("The two streams are of different pipelines. Define both inside one function given to pipeline().");
  }

  /** The windows of a table's keys: those of the aggregate that the table goes back to. */
  windowsOf(table: string): Windows | undefined {
    const node = this.#nodes.find(({ name }) => name === table);
    if (node === undefined) return undefined;
    return node.kind === "aggregate" || node.kind === "tableJoin" ? node.windows : this.windowsOf(node.inputs[0] ?? "");
  }

  /** The windows of a table whose keys are of windows. */
  tableWindows(table: string): Windows | undefined {
    const node = this.#nodes.find(({ name }) => name === table);
    if (node?.kind === "aggregate" || node?.kind === "tableJoin") return node.windows;
    const sameKeys = node?.kind === "tableFilter" || node?.kind === "tableMapValues" || node?.kind === "suppress";
    return sameKeys ? this.tableWindows(node.inputs[0] ?? "") : undefined;
  }

  /** Reading a topic twice reads it once: both streams begin at one source node. */
  source(topic: string, format: ValueFormat): string {
    checkTopicName(topic);
    const known = this.#nodes.find((node) => node.kind === "source" && node.topic === topic);
    if (known?.kind !== "source") return this.add("source", { kind: "source", inputs: [], topic, format });
    if (known.format === format) return known.name;
    throw new Error(
      `Topic "${topic}" is read as ${known.format} and as ${format}. Read it once as bytes and decode it with mapValues.`,
    );
  }

  /** The store in which a node keeps its table, and its windows. */
  tableOf(name: string): { readonly store: string; readonly windows: Windows | undefined } {
    const node = this.#nodes.find((each) => each.name === name);
    if (node === undefined || !("store" in node) || node.store === undefined || node.kind === "streamJoin") {
      throw new Error(`The table of "${name}" is not kept in a store. Give it one with { store }.`);
    }
    return { store: node.store.name, windows: "windows" in node ? node.windows : undefined };
  }

  close(): readonly PlanNode[] {
    this.#closed = true;
    return this.#nodes;
  }
}

export function checkTopicName(topic: string): void {
  if (TOPIC_NAME_PATTERN.test(topic) && !topic.startsWith("__")) return;
  throw new Error(
    `"${topic}" is not a topic name. Use 1 to 200 of the characters a-z A-Z 0-9 . _ - and no leading "__".`,
  );
}

export function checkName(what: "pipeline" | "store", name: string): void {
  if (PIPELINE_NAME_PATTERN.test(name)) return;
  throw new Error(`"${name}" is not a ${what} name. Use 1 to 100 of the characters a-z A-Z 0-9 . _ -`);
}
