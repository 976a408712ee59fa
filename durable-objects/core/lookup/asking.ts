import type { LookupNode } from "../../../schema/plan.ts";
import type { AskedCall, LookupCall } from "../operator/operator.ts";
import { isSource, type TaskPlan } from "../plan/task-plan.ts";
import { MemoryStateStore } from "../store/memory-state-store.ts";
import type { InputRecord, SliceOptions, TaskPorts } from "../task/task-port.ts";
import { Task } from "../task/task.ts";

/** The lookups of a task, in plan order. */
export function lookupsOf({ nodes }: TaskPlan): readonly LookupNode[] {
  return nodes.filter((node) => node.kind === "lookup");
}

/**
 * What the records of a slice will look up. Found out by running the part of the plan that leads to its lookups, which keeps
 * no state (LKP-3), so nothing must be taken back. A record that fails there, or elsewhere in the slice, may be asked for
 * in vain.
 */
export class Asking {
  readonly #task: Task;

  constructor(plan: TaskPlan, ports: Omit<TaskPorts, "store" | "select">) {
    this.#task = new Task(askingPart(plan), { ...ports, store: new MemoryStateStore() });
  }

  /** In order of the records that need them, each as often as it is needed. */
  callsFor(records: Iterable<InputRecord>, { nowMs, microBatch }: SliceOptions): readonly AskedCall[] {
    this.#task.restore(undefined);
    return this.#task.run(records, { nowMs, microBatch }).lookupCalls;
  }
}

/** Each once, in order of the first that needs it. */
export function eachOnce(calls: readonly LookupCall[]): LookupCall[] {
  return [...new Map(calls.map((call) => [`${call.node} ${call.key}`, call])).values()];
}

/** Errors do not stop it: which records come to run is decided when they do. */
function askingPart(plan: TaskPlan): TaskPlan {
  const needed = new Set(lookupsOf(plan).map(({ name }) => name));
  for (const node of plan.nodes.toReversed()) {
    if (needed.has(node.name) && !isSource(node)) for (const input of node.inputs) needed.add(input);
  }
  return { ...plan, nodes: plan.nodes.filter(({ name }) => needed.has(name)), onError: undefined };
}
