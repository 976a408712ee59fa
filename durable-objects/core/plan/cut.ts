import type {
  AggregateNode,
  ForeignKeyJoinNode,
  GlobalJoinNode,
  GlobalTableNode,
  LookupNode,
  Plan,
  PlanNode,
  RepartitionNode,
  TableJoinNode,
  TableNode,
  WatermarkDefinition,
} from "../../../schema/plan.ts";
import { assert } from "../assert.ts";
import { changesRead } from "./changes.ts";
import { AS_READ, type Keys, keysAfter, placed } from "./keys.ts";
import { isKeyed } from "./requirements.ts";
import { rowsOf } from "./rows.ts";
import { TaskMap } from "./task-map.ts";
import type { GlobalRowsNode, TaskGraph, TaskNode } from "./task-plan.ts";
import { waitOf } from "./watermark-wait.ts";
import { joinedAggregates, withAncestors } from "./windowed-joins.ts";

/**
 * Cuts a plan at its internal topics (PLAN-10). A node runs where its inputs are. What keeps state by key needs all records
 * of a key in one task, and what reads several inputs needs them in one log: where that is not so, the inputs go through
 * an internal topic, placed by key, and the node runs in the task that reads it.
 */
export function cutPlan(plan: Plan): TaskGraph {
  const cutter = new Cutter(changesRead(plan.nodes));
  const placed = new Set<PlanNode>();
  const place = (nodes: readonly PlanNode[]): void => {
    for (const node of nodes) if (!placed.has(node)) cutter.place(node);
    for (const node of nodes) placed.add(node);
  };
  // Before others read them: windowed tables that are joined are made where the join is.
  for (const { join, aggregates } of joinedAggregates(plan.nodes)) {
    cutter.holdBack(aggregates);
    place(withAncestors(plan.nodes, aggregates));
    cutter.gather(join, aggregates);
  }
  place(plan.nodes);
  return cutter.graph(plan);
}

/** A node of the plan that runs as it is. */
type Placed = Exclude<PlanNode, RepartitionNode | ForeignKeyJoinNode | GlobalTableNode>;

/** Records of a node on their way into an internal topic, where they enter as a node of another name, or of the same. */
interface Crossing {
  readonly node: string;
  readonly topic: string;
  readonly as: string;
  readonly partitions?: number | undefined;
  readonly broadcast?: boolean | undefined;
}

/** What comes out of these is made of the record that went in, or of those of its micro-batch, at once. */
const KEEPS_NOTHING: ReadonlySet<TaskNode["kind"]> = new Set([
  "source",
  "internalSource",
  "filter",
  "map",
  "mapValues",
  "flatMap",
  "flatMapValues",
  "peek",
  "selectKey",
  "split",
  "branch",
  "merge",
  "unwindow",
  "watermark",
  "mapBatch",
] as const);

/** The node that keeps the rows of a global table in a task. */
function globalRowsOf(table: string): string {
  return `${table}/rows`;
}

class Cutter {
  readonly #map = new TaskMap();
  /** The task in which a node runs … */
  readonly #home = new Map<string, string>();
  /** … and those that read its records placed by key. */
  readonly #copies = new Map<string, string[]>();
  readonly #keys = new Map<string, Keys>();
  readonly #watermarks = new Map<string, WatermarkDefinition & { readonly delayMs: number }>();
  /** Tables that nothing has read yet: they run where they are first read, so that a join has the rows in its task. */
  readonly #waiting = new Map<string, TableNode | AggregateNode>();
  /** Aggregates that wait for those that they are joined with. */
  readonly #held = new Set<string>();
  readonly #versioned = new Map<string, TableNode>();
  readonly #globals = new Map<string, GlobalTableNode>();
  readonly #changes: ReadonlySet<string>;

  constructor(changes: ReadonlySet<string>) {
    this.#changes = changes;
  }

  /** These wait until they are gathered, or read. */
  holdBack(aggregates: readonly AggregateNode[]): void {
    for (const { name } of aggregates) this.#held.add(name);
  }

  /** Puts windowed tables that are joined into one task: there a join reads the rows where they are kept. */
  gather(join: TableJoinNode, aggregates: readonly AggregateNode[]): void {
    const inputs = aggregates.map(({ name }) => name);
    if (inputs.length === 1) this.#homeOf(inputs[0] ?? "");
    else this.#taskFor({ ...join, inputs: inputs as never });
  }

  place(node: PlanNode): void {
    if (node.kind === "repartition") this.#repartition(node);
    else if (node.kind === "foreignKeyJoin") this.#foreignKeyJoin(node);
    else if (node.kind === "globalTable") this.#global(node);
    else if (node.kind === "lookup") this.#lookup(node);
    else if (node.kind === "globalJoin") this.#put(node, this.#withGlobal(node));
    else if (node.kind === "aggregate" && this.#held.has(node.name)) this.#waiting.set(node.name, node);
    else if (node.kind === "toTable") {
      this.#waiting.set(node.name, node);
      if (node.versioned !== undefined) this.#versioned.set(node.name, node);
    } else this.#put(node, node.kind === "source" ? node.topic : this.#taskFor(node));
  }

  /** Runs nowhere by itself. */
  #global(table: GlobalTableNode): void {
    const [topic = ""] = table.inputs;
    this.#globals.set(table.name, table);
    this.#home.set(table.name, this.#homeOf(topic));
  }

  #put(node: Placed, task: string): void {
    const keys = new Map(node.inputs.map((input) => [input, this.#keysIn(task, input)]));
    this.#keys.set(node.name, keysAfter(node, keys));
    this.#home.set(node.name, task);
    this.#noteWatermark(node);
    this.#map.nodesOf(task).push(this.#withRows(node, task));
  }

  /**
   * By foreign key in two steps, each behind a topic: the left rows go to where the rows lie that they name, and what comes
   * of them to where they come from, by their own keys. There what is newest stays, whichever way it took.
   */
  #foreignKeyJoin(join: ForeignKeyJoinNode): void {
    const { name } = join;
    const [left, right] = join.inputs;
    const [send, match] = [`${name}/send`, `${name}/match`];
    this.#run(
      { kind: "foreignKeySend", name: send, inputs: [left], join },
      this.#taskFor({ ...join, inputs: [left] } as never),
    );
    const topic = `__${name}`;
    this.#cross({ node: send, topic, as: send });
    this.#bring(join, right, topic);
    this.#run({ kind: "foreignKeyMatch", name: match, inputs: [send, this.#rowsIn(topic, right)], join }, topic);
    const results = `${topic}.results`;
    this.#cross({ node: match, topic: results, as: match });
    this.#run({ kind: "foreignKeyResult", name, inputs: [match], join }, results);
  }

  /**
   * The task for a join with a global table: the stream's, where that has an internal topic, else that of one for the join.
   * The table's records go there too, each to every partition.
   */
  #withGlobal({ name, inputs }: GlobalJoinNode): string {
    const [stream, global] = inputs;
    const home = this.#homeOf(stream);
    const topic = this.#map.internal(home) ? home : `__${name}`;
    if (topic !== home) this.#cross({ node: stream, topic, as: stream });
    const table = this.#globals.get(global);
    assert(table !== undefined, `global table ${global} stands before those that read it`);
    const rows = globalRowsOf(global);
    if (this.#map.nodesOf(topic).some((node) => node.name === rows)) return topic;
    const [node = ""] = table.inputs;
    const records = `${global}/records`;
    this.#cross({ node, topic, as: records, broadcast: true });
    const kept: GlobalRowsNode = { kind: "globalRows", name: rows, inputs: [records], store: { name: rows } };
    this.#run(kept, topic);
    return topic;
  }

  /**
   * Runs at the end of a task, and what comes of it enters the next one. All that leads to it there keeps no state: what a
   * slice looks up is asked for before it runs.
   */
  #lookup(node: LookupNode): void {
    const [input = ""] = node.inputs;
    const topic = `__${node.name}`;
    let home = this.#homeOf(input);
    if (!this.#stateless(input, home)) {
      home = `${topic}.asked`;
      this.#cross({ node: input, topic: home, as: input });
    }
    this.#put(node, home);
    this.#cross({ node: node.name, topic, as: node.name });
    this.#home.set(node.name, topic);
  }

  #stateless(name: string, task: string): boolean {
    const node = this.#map.nodesOf(task).find((each) => each.name === name);
    return (
      node !== undefined && KEEPS_NOTHING.has(node.kind) && node.inputs.every((input) => this.#stateless(input, task))
    );
  }

  #run(node: TaskNode, task: string): void {
    this.#home.set(node.name, task);
    this.#noteWatermark(node);
    this.#map.nodesOf(task).push(node);
  }

  /** A join of tables reads rows that are in its task: its own tables', or a copy kept by their changes. */
  #withRows(node: Placed, task: string): TaskNode {
    if (node.kind === "streamTableJoin") {
      const [stream, table] = node.inputs;
      return { ...node, inputs: [stream, this.#versionsIn(task, table) ?? this.#rowsIn(task, table)] };
    }
    if (node.kind === "globalJoin") return { ...node, inputs: [node.inputs[0], globalRowsOf(node.inputs[1])] };
    if (node.kind !== "tableJoin" || node.windows !== undefined) return node;
    const [left, right] = node.inputs;
    return { ...node, inputs: [this.#rowsIn(task, left), this.#rowsIn(task, right)] };
  }

  #rowsIn(task: string, table: string): string {
    const nodes = this.#map.nodesOf(task);
    if (nodes.some((node) => node.name === table && rowsOf(node) !== undefined)) return table;
    const name = `${table}/rows`;
    if (nodes.every((node) => node.name !== name))
      nodes.push({ kind: "tableCopy", name, inputs: [table], store: { name } });
    return name;
  }

  /** What a versioned table's rows were cannot be told from its changes: another task keeps it by what it is made of. */
  #versionsIn(task: string, name: string): string | undefined {
    const table = this.#versioned.get(name);
    if (table === undefined || this.#homeOf(name) === task) return undefined;
    const kept = `${name}/versions`;
    const nodes = this.#map.nodesOf(task);
    if (nodes.every((node) => node.name !== kept)) nodes.push({ ...table, name: kept, store: { name: kept } });
    return kept;
  }

  graph(plan: Plan): TaskGraph {
    for (const table of this.#waiting.keys()) this.#homeOf(table);
    return this.#map.graph(plan);
  }

  #repartition(node: RepartitionNode): void {
    const topic = `__${node.name}`;
    const [input = ""] = node.inputs;
    this.#cross({ node: input, topic, as: node.name, partitions: node.partitions });
    this.#home.set(node.name, topic);
    this.#noteWatermark(node);
    this.#keys.set(node.name, placed(this.#keysOf(input)));
  }

  #taskFor(node: PlanNode): string {
    const [first = "", ...others] = new Set<string>(node.inputs);
    if (others.length === 0 && !isKeyed(node)) return this.#homeOf(first);
    const inputs = [first, ...others];
    const common = this.#usable(node, first).find((task) =>
      others.every((input) => this.#usable(node, input).includes(task)),
    );
    if (common === undefined && others.length === 0) return this.#copied(first);
    const task = common ?? this.#meetingPlace(node, inputs) ?? `__${node.name}`;
    for (const input of inputs) this.#bring(node, input, task);
    return task;
  }

  /** Sees to it that the node can read the input in the task. */
  #bring(node: PlanNode, input: string, task: string): void {
    const table = this.#waiting.get(input);
    if (table === undefined) {
      const [made] = this.#versionedFor(node, input)?.inputs ?? [];
      if (made !== undefined && this.#homeOf(input) !== task) return this.#bring(node, made, task);
      if (!this.#usable(node, input).includes(task)) this.#cross({ node: input, topic: task, as: input });
      return;
    }
    this.#waiting.delete(input);
    for (const read of table.inputs) this.#bring(table, read, task);
    this.#put(table, task);
  }

  /** An internal topic in which one of the inputs already is: the others can come there unless they are made from it. */
  #meetingPlace(node: PlanNode, inputs: readonly string[]): string | undefined {
    const places = inputs.flatMap((input) => this.#usable(node, input)).filter((place) => this.#map.internal(place));
    return places.find((place) =>
      inputs.every(
        (input) =>
          this.#usable(node, input).includes(place) ||
          this.#madeIn(input).every((home) => !this.#map.behind(place, home)),
      ),
    );
  }

  /** Where the records come from of which the node's are made. */
  #madeIn(node: string): readonly string[] {
    const table = this.#waiting.get(node) ?? this.#versioned.get(node);
    return (table?.inputs ?? [node]).map((input) => this.#homeOf(input));
  }

  /** Tasks in which the node could read this input. */
  #usable(node: PlanNode, input: string): string[] {
    const table = this.#waiting.get(input);
    if (table !== undefined) return commonOf(table.inputs.map((read) => this.#usable(table, read)));
    const versioned = this.#versionedFor(node, input);
    if (versioned !== undefined)
      return [this.#homeOf(input), ...versioned.inputs.flatMap((read) => this.#usable(versioned, read))];
    const placedHere = !isKeyed(node) || this.#keysOf(input).kind !== "changed";
    return [...(placedHere ? [this.#homeOf(input)] : []), ...(this.#copies.get(input) ?? [])];
  }

  /** The input as the versioned table that a stream is joined with. */
  #versionedFor(node: PlanNode, input: string): TableNode | undefined {
    return node.kind === "streamTableJoin" && node.inputs[1] === input ? this.#versioned.get(input) : undefined;
  }

  /** All that need the records of a node placed by key share one topic, also one that it meets others in. */
  #copied(input: string): string {
    const topic = `__${input}`;
    this.#cross({ node: input, topic, as: input });
    return topic;
  }

  #cross(crossing: Crossing): void {
    const { node, topic, as } = crossing;
    const [changes, watermark] = [this.#changes.has(node), this.#watermarks.get(node)];
    this.#map.cross({ ...crossing, home: this.#homeOf(node), changes, watermark });
    if (as === node) this.#copies.set(node, [...(this.#copies.get(node) ?? []), topic]);
  }

  /** That which a node's records have passed, of several the slowest: it goes with them into other tasks. */
  #noteWatermark(node: PlanNode | TaskNode): void {
    const passed = node.inputs.flatMap((input) => this.#watermarks.get(input) ?? []);
    const [slowest] = node.kind === "watermark" ? [node] : passed.toSorted((a, b) => b.delayMs - a.delayMs);
    if (slowest === undefined) return;
    const { moves, policy, emptyBatch, delayMs } = slowest;
    this.#watermarks.set(node.name, { moves, policy, emptyBatch, delayMs: delayMs + waitOf(node) });
  }

  #keysIn(task: string, input: string): Keys {
    return this.#homeOf(input) === task ? this.#keysOf(input) : placed(this.#keysOf(input));
  }

  #keysOf(node: string): Keys {
    return this.#keys.get(node) ?? AS_READ;
  }

  #homeOf(node: string): string {
    const table = this.#waiting.get(node);
    if (table !== undefined) {
      const task = this.#taskFor(table);
      this.#waiting.delete(node);
      this.#put(table, task);
    }
    const home = this.#home.get(node);
    assert(home !== undefined, `node ${node} stands after those that read it`);
    return home;
  }
}

/** What all of the lists have, in the order of the first. */
function commonOf([first = [], ...others]: readonly (readonly string[])[]): string[] {
  return first.filter((each) => others.every((other) => other.includes(each)));
}
