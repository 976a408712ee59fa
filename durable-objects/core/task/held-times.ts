import type { Operator } from "../operator/operator.ts";
import { isSource, type InternalSourceNode, type TaskNode } from "../plan/task-plan.ts";
import type { SourceNode } from "../../../schema/plan.ts";

/** How far what enters a task at a source has come, event time, ms. */
export type SourceTime = (source: SourceNode | InternalSourceNode) => number;

/**
 * How far the records of a node have come, given those of the sources behind it: all that it still sends is of this time or
 * later, but for records that come out of order. An operator that keeps results until they are due holds its time back to
 * the least of theirs (ENG-26).
 */
export class HeldTimes {
  readonly #nodes: ReadonlyMap<string, TaskNode>;
  /** By name, where there are operators that hold back. */
  readonly #holding = new Map<string, Operator[]>();

  constructor(nodes: readonly TaskNode[], operators: readonly Operator[]) {
    this.#nodes = new Map(nodes.map((node) => [node.name, node]));
    for (const operator of operators) {
      if (operator.unsent === undefined) continue;
      const known = this.#holding.get(operator.name);
      if (known === undefined) this.#holding.set(operator.name, [operator]);
      else known.push(operator);
    }
  }

  /** Of the records that come to a node. */
  into(name: string, source: SourceTime): number {
    return this.#into(name, source, new Map());
  }

  #into(name: string, source: SourceTime, known: Map<string, number>): number {
    const inputs = this.#nodes.get(name)?.inputs ?? [];
    return Math.min(...inputs.map((input) => this.#outOf(input, source, known)));
  }

  #outOf(name: string, source: SourceTime, known: Map<string, number>): number {
    const before = known.get(name);
    if (before !== undefined) return before;
    const node = this.#nodes.get(name);
    let ms = Infinity;
    if (node?.kind === "late") ms = this.#into(node.inputs[0] ?? "", source, known);
    else if (node !== undefined) {
      ms = isSource(node) ? source(node) : this.#into(name, source, known);
      for (const operator of this.#holding.get(name) ?? []) ms = Math.min(ms, operator.unsent?.()?.fromMs ?? Infinity);
    }
    known.set(name, ms);
    return ms;
  }
}
