import type { PlanNode } from "../../../schema/plan.ts";
import type { Windows } from "../../../schema/windows.ts";
import { bothBounds } from "./windows.ts";

/**
 * What the keys of a node's records are: those by which the task's log places records, of a window, or made by user code
 * in the node `by`.
 */
export type Keys =
  | { readonly kind: "asRead" }
  | {
      readonly kind: "windowed";
      readonly windows: Windows;
      /** Records of other windows are among them, whose keys a topic holds in another way. */
      readonly mixed?: boolean | undefined;
    }
  | { readonly kind: "changed"; readonly by: string };

export const AS_READ: Keys = { kind: "asRead" };

/** Of every node, by name. A sink has the keys of what it is sent. */
export function keysOf(nodes: readonly PlanNode[]): ReadonlyMap<string, Keys> {
  const keys = new Map<string, Keys>();
  for (const node of nodes) keys.set(node.name, keysAfter(node, keys));
  return keys;
}

/** Of the records of one node, given those of its inputs. */
export function keysAfter(node: PlanNode, before: ReadonlyMap<string, Keys>): Keys {
  switch (node.kind) {
    case "map":
    case "mapBatch":
    case "batchSql":
    case "flatMap":
    case "selectKey":
    case "groupTable":
      return { kind: "changed", by: node.name };
    case "aggregate":
    case "tableJoin":
      return node.windows === undefined ? AS_READ : { kind: "windowed", windows: node.windows };
    case "source":
    case "toTable":
    case "dedup":
    case "unwindow":
    case "pattern":
    // An aggregate's own input lies by key.
    case "late":
    case "tableAggregate":
    case "streamJoin":
    case "streamTableJoin":
    case "foreignKeyJoin":
    case "globalTable":
      return AS_READ;
    case "process":
      return node.keepsKey ? AS_READ : { kind: "changed", by: node.name };
    case "filter":
    case "flatMapValues":
    case "peek":
    case "foreach":
    case "forEachBatch":
    case "complete":
    case "watermark":
    case "split":
    case "branch":
    case "mapValues":
    case "merge":
    case "suppress":
    case "tableFilter":
    case "tableMapValues":
    case "sink":
      return merged(node.inputs.map((input) => before.get(input) ?? AS_READ));
    case "globalJoin":
      return before.get(node.inputs[0]) ?? AS_READ;
    case "repartition":
    case "lookup":
      return placed(merged(node.inputs.map((input) => before.get(input) ?? AS_READ)));
  }
}

/** Of several inputs the one that rules most out. */
export function merged(inputs: readonly Keys[]): Keys {
  const windowed = inputs.filter((keys) => keys.kind === "windowed");
  const [first] = windowed;
  const mixed = windowed.some((keys) => keys.mixed === true || bothBounds(keys.windows) !== bothBounds(first!.windows));
  if (first !== undefined && mixed) return { ...first, mixed };
  return inputs.find(({ kind }) => kind !== "asRead") ?? AS_READ;
}

/** In an internal topic records lie by their key, of a windowed one by the key without its window. */
export function placed(keys: Keys): Keys {
  return keys.kind === "windowed" ? keys : AS_READ;
}
