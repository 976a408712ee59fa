import { isInternal } from "../../../schema/internal-topic.ts";
import type { TaskGraph, TaskNode, TaskPlan } from "./task-plan.ts";

/** Tasks on users' topics that begin together, when those before them have come to where their logs ended at the start. */
export interface StartStep {
  readonly tasks: readonly TaskPlan[];
  /** On the way from the tables' topics to the joins, each behind those that write its input. */
  readonly after: readonly TaskPlan[];
}

/**
 * In which order the users' topics of a new incarnation are begun. A stream that is joined with a table begins when the
 * table has what its topics held at the start: a record of the stream then finds the rows that were there before it. Topics
 * of which each is the other's table begin together, and so do records of one topic on both sides.
 */
export function startOrder(graph: TaskGraph): readonly StartStep[] {
  const sources = graph.tasks.filter(({ input }) => !isInternal(input));
  const joins = joinsOf(graph);
  const before = closed(sources.map(({ input }) => [input, tablesOf(input, joins)]));
  // Of two that come before each other neither does.
  const strictlyBefore = (input: string): string[] =>
    [...(before.get(input) ?? [])].filter((other) => before.get(other)?.has(input) !== true);
  const stepOf = (input: string): number => Math.max(0, ...strictlyBefore(input).map((other) => stepOf(other) + 1));
  const steps = [...new Set(sources.map(({ input }) => stepOf(input)))].toSorted((a, b) => a - b);
  return steps
    .map((step) => sources.filter(({ input }) => stepOf(input) === step))
    .map((tasks) => {
      const first = new Set(tasks.flatMap(({ input }) => strictlyBefore(input)));
      const inputs = tasks.map(({ input }) => input);
      const ways = new Set(
        joins.filter(({ streams }) => inputs.some((input) => streams.has(input))).flatMap(({ way }) => [...way]),
      );
      const after = graph.tasks.filter(({ input }) => (isInternal(input) ? ways.has(input) : first.has(input)));
      return { tasks, after: first.size === 0 ? [] : after };
    });
}

/** A join of a stream with a table, by what comes to its sides. */
interface Sides {
  /** Users' topics of the stream, */
  readonly streams: ReadonlySet<string>;
  /** and of the table. */
  readonly tables: ReadonlySet<string>;
  /** Inputs of the tasks that a row of the table comes through, the join's own the last. */
  readonly way: ReadonlySet<string>;
}

function joinsOf(graph: TaskGraph): Sides[] {
  return graph.tasks.flatMap((task) =>
    task.nodes.flatMap((node) => {
      // The initial states of a processor are a table too.
      const [stream, table] = JOINS.has(node.kind) || node.kind === "process" ? node.inputs : [];
      if (stream === undefined || table === undefined) return [];
      const way = inputsBehind(graph, task.input, table);
      const users = (inputs: ReadonlySet<string>): Set<string> =>
        new Set([...inputs].filter((input) => !isInternal(input)));
      return [{ streams: users(inputsBehind(graph, task.input, stream)), tables: users(way), way }];
    }),
  );
}

/** Nodes whose second input is a table: its rows are read, its changes bring nothing. */
const JOINS: ReadonlySet<TaskNode["kind"]> = new Set(["streamTableJoin", "globalJoin"] as const);

/** Inputs of the tasks through which records come to a node, its own task's among them. */
function inputsBehind(graph: TaskGraph, input: string, name: string): ReadonlySet<string> {
  const found = new Set<string>();
  const seen = new Set<string>();
  const visit = (task: string, node: string): void => {
    if (seen.has(`${task} ${node}`)) return;
    seen.add(`${task} ${node}`);
    found.add(task);
    const at = graph.tasks.find((each) => each.input === task)?.nodes.find((each) => each.name === node);
    if (at?.kind === "internalSource") {
      const from = graph.internalTopics.find((topic) => topic.name === task)?.inputs[at.tag];
      if (from !== undefined) visit(from.input, from.node);
    } else if (at !== undefined) {
      for (const read of JOINS.has(at.kind) ? at.inputs.slice(0, 1) : at.inputs) visit(task, read);
    }
  };
  visit(input, name);
  return found;
}

function tablesOf(stream: string, joins: readonly Sides[]): Set<string> {
  const tables = joins.filter(({ streams }) => streams.has(stream)).flatMap((join) => [...join.tables]);
  return new Set(tables.filter((table) => table !== stream));
}

/** With what comes before what comes before. */
function closed(before: readonly (readonly [string, ReadonlySet<string>])[]): ReadonlyMap<string, ReadonlySet<string>> {
  const direct = new Map(before);
  return new Map(
    before.map(([input]) => {
      const all = new Set<string>();
      const add = (each: string): void => {
        for (const other of direct.get(each) ?? []) {
          if (all.has(other)) continue;
          all.add(other);
          add(other);
        }
      };
      add(input);
      return [input, all];
    }),
  );
}
