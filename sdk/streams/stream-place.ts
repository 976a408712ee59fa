import type {
  BatchSqlNode,
  BranchNode,
  DedupNode,
  FilterNode,
  FlatMapNode,
  FlatMapValuesNode,
  ForEachBatchNode,
  ForeachNode,
  LookupNode,
  MapBatchNode,
  MapNode,
  MapValuesNode,
  PatternNode,
  PeekNode,
  PlanKey,
  RepartitionNode,
  SelectKeyNode,
  SplitNode,
  UnwindowNode,
  WatermarkNode,
} from "../../schema/plan.ts";
import type { Graph } from "./graph.ts";
import type { Stream } from "./stream.ts";

/** A node whose records are read, and how a stream begins at a node. */
export interface Place {
  readonly graph: Graph;
  readonly node: string;
  readonly streamAt: <Value, Key extends PlanKey>(node: string) => Stream<Value, Key>;
}

/** A node with one input. */
type Unary =
  | BatchSqlNode
  | BranchNode
  | DedupNode
  | FilterNode
  | FlatMapNode
  | FlatMapValuesNode
  | ForEachBatchNode
  | ForeachNode
  | LookupNode
  | MapBatchNode
  | MapNode
  | MapValuesNode
  | PatternNode
  | PeekNode
  | RepartitionNode
  | SelectKeyNode
  | SplitNode
  | UnwindowNode
  | WatermarkNode;
type Unplaced<Node> = Node extends unknown ? Omit<Node, "name" | "inputs"> : never;

/** Where a stream stands. Its methods are in the classes between this one and `Stream`, a class for each group of them. */
export abstract class StreamPlace {
  protected readonly place: Place;

  constructor(place: Place) {
    this.place = place;
  }

  /** The stream of a new node that reads this one. */
  protected added<Next, NextKey extends PlanKey>(word: string, node: Unplaced<Unary>): Stream<Next, NextKey> {
    const { graph, node: input, streamAt } = this.place;
    return streamAt(graph.add(word, { ...node, inputs: [input] }));
  }

  /** The inputs of a node that reads this stream, then another of the same pipeline. */
  protected with(other: StreamPlace): readonly [string, string] {
    const { graph, node } = this.place;
    return [node, graph.ownNode(other.place.graph, other.place.node)];
  }
}
