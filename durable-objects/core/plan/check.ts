import type { Answer } from "../../../schema/error.ts";
import { MAX_PLAN_NODES, PIPELINE_NAME_PATTERN } from "../../../schema/limits.ts";
import type { BatchSqlNode, CompleteNode, Plan, PlanNode, WatermarkNode } from "../../../schema/plan.ts";
import { isTable, readsTable } from "./changes.ts";
import { checkSink } from "./check-sink.ts";
import { cutPlan } from "./cut.ts";
import { readableStore } from "./stores.ts";
import { checkWindowedJoins } from "./check-windowed-join.ts";
import { checkTrigger } from "./check-trigger.ts";
import { checkStores } from "./check-store.ts";
import { AS_READ, type Keys, keysOf, merged } from "./keys.ts";
import { invalid, type Problem, topicProblem } from "./problem.ts";

/**
 * Whether the engine can run the plan, whoever built it: the DSL, SQL, or a hand. Answers the first problem, with the path
 * of the offending part in `field`. What is accepted here is not checked again by the task.
 */
export function checkPlan(plan: Plan): Answer {
  return (
    checkHead(plan) ??
    checkTrigger(plan.trigger) ??
    checkGraph(plan.nodes) ??
    checkSources(plan) ??
    checkStores(plan.nodes) ??
    checkWindowedJoins(plan) ??
    checkTopicKeys(plan.nodes) ??
    checkBatches(plan) ??
    checkWatermarks(plan) ??
    checkSinks(plan) ?? { ok: true }
  );
}

function checkHead(plan: Plan): Problem {
  if (!PIPELINE_NAME_PATTERN.test(plan.name)) {
    return invalid("name", `"${plan.name}" is not a pipeline name`, "Use 1 to 100 of the characters a-z A-Z 0-9 . _ -");
  }
  if (!Number.isSafeInteger(plan.version) || plan.version < 1) {
    return invalid("version", `version is ${plan.version}`, "Use a whole number from 1.");
  }
  return topicProblem("deadLetterTopic", plan.deadLetterTopic);
}

/** Names are unique, inputs stand before the nodes that read them, and only sources have none. */
function checkGraph(nodes: readonly PlanNode[]): Problem {
  if (nodes.length > MAX_PLAN_NODES) {
    return invalid("nodes", `${nodes.length} nodes are above ${MAX_PLAN_NODES}`, "Cut the pipeline in two at a topic.");
  }
  const before = new Map<string, PlanNode>();
  for (const [index, node] of nodes.entries()) {
    const problem = checkNode(node, before, `nodes[${index}]`);
    if (problem) return problem;
    before.set(node.name, node);
  }
  return undefined;
}

function checkNode(node: PlanNode, before: ReadonlyMap<string, PlanNode>, field: string): Problem {
  if (!PIPELINE_NAME_PATTERN.test(node.name)) {
    return invalid(
      `${field}.name`,
      `"${node.name}" is not a node name`,
      "Use 1 to 100 of the characters a-z A-Z 0-9 . _ -",
    );
  }
  if (before.has(node.name)) {
    return invalid(`${field}.name`, `two nodes are named "${node.name}"`, "Give each node a name of its own.");
  }
  if ((node.kind === "source") !== (node.inputs.length === 0)) {
    return node.kind === "source"
      ? invalid(`${field}.inputs`, `source "${node.name}" has inputs`, "A source reads its topic only.")
      : invalid(`${field}.inputs`, `node "${node.name}" has no input`, "Name the node that it reads.");
  }
  for (const [at, input] of node.inputs.entries()) {
    const problem = checkInput(node, before.get(input), { input, at, field: `${field}.inputs[${at}]` });
    if (problem) return problem;
  }
  return undefined;
}

function checkInput(
  node: PlanNode,
  found: PlanNode | undefined,
  { input, at, field }: { input: string; at: number; field: string },
): Problem {
  if (found === undefined) {
    return invalid(
      field,
      `node "${node.name}" reads "${input}", which does not stand before it`,
      "List nodes after their inputs.",
    );
  }
  if (found.kind === "sink") {
    return invalid(field, `node "${node.name}" reads the sink "${input}"`, "Read the node in front of that sink.");
  }
  if ((found.kind === "split") !== (node.kind === "branch")) {
    return invalid(
      field,
      `node "${node.name}" (${node.kind}) reads "${input}" (${found.kind})`,
      "A split is read by its branches, and a branch reads a split.",
    );
  }
  if (node.kind === "late" && (found.kind !== "aggregate" || found.windows === undefined)) {
    return invalid(
      field,
      `node "${node.name}" reads "${input}" (${found.kind}), to which no record comes too late`,
      "Only aggregates by window have late records.",
    );
  }
  if ((found.kind === "groupTable") !== (node.kind === "tableAggregate")) {
    return invalid(
      field,
      `node "${node.name}" (${node.kind}) reads "${input}" (${found.kind})`,
      "Rows in groups are read by their aggregates, and these read rows in groups.",
    );
  }
  if (readsTable(node, at) && !isTable(found)) {
    return invalid(
      field,
      `node "${node.name}" (${node.kind}) reads "${input}" (${found.kind}), which is no table`,
      "Put a toTable between them.",
    );
  }
  if (node.kind === "globalTable" && found.kind !== "source") {
    return invalid(
      field,
      `global table "${node.name}" reads "${input}" (${found.kind}), which is no topic`,
      "Write it to a topic and read that as a global table.",
    );
  }
  if ((found.kind === "globalTable") !== (node.kind === "globalJoin" && at === 1)) {
    return invalid(
      field,
      `node "${node.name}" (${node.kind}) reads "${input}" (${found.kind})`,
      "A global table is the second input of its joins, and read by nothing else.",
    );
  }
  if (node.inputs.indexOf(input) === at || TWICE.has(node.kind)) return undefined;
  return invalid(field, `node "${node.name}" reads "${input}" twice`, "Name each input once.");
}

/** A stream, or a table, may be joined with itself. */
const TWICE: ReadonlySet<PlanNode["kind"]> = new Set([
  "streamJoin",
  "streamTableJoin",
  "tableJoin",
  "foreignKeyJoin",
] as const);

/** Each topic is read by one source. */
function checkSources({ nodes, deadLetterTopic }: Plan): Problem {
  const topics = new Map<string, string>();
  for (const [index, node] of nodes.entries()) {
    if (node.kind !== "source") continue;
    const problem = topicProblem(`nodes[${index}].topic`, node.topic);
    if (problem) return problem;
    if (topics.has(node.topic)) {
      return invalid(
        `nodes[${index}].topic`,
        `topic "${node.topic}" has two sources`,
        "Read both streams from one source.",
      );
    }
    topics.set(node.topic, node.name);
  }
  if (topics.has(deadLetterTopic)) {
    return invalid(
      "deadLetterTopic",
      `the pipeline reads "${deadLetterTopic}", to which it sends its own dead letters`,
      "Read dead letters in a pipeline of another name.",
    );
  }
  if (topics.size > 0) return undefined;
  return invalid("nodes", "the pipeline reads no topic", `Begin with stream("<topic>").`);
}

/** A topic holds windowed keys in one way, so that they can be read back. */
function checkTopicKeys(nodes: readonly PlanNode[]): Problem {
  const keys = keysOf(nodes);
  const topics = new Map<string, Keys>();
  for (const [index, node] of nodes.entries()) {
    if (node.kind !== "sink" || node.sink.kind !== "topic") continue;
    const { topic } = node.sink;
    const all = merged([topics.get(topic) ?? AS_READ, keys.get(node.name) ?? AS_READ]);
    topics.set(topic, all);
    if (all.kind !== "windowed" || all.mixed !== true) continue;
    return invalid(
      `nodes[${index}].sink.topic`,
      `topic "${topic}" gets keys of windows that are written with their start and of windows that are written with both bounds`,
      "Give each its own topic, or give the records a text key first.",
    );
  }
  return undefined;
}

/** Watermarks of one plan move alike, once on each way, and those of batches in a pipeline that has them. */
function checkWatermarks({ nodes, trigger }: Plan): Problem {
  const passed = new Set<string>();
  let first: WatermarkNode | undefined;
  for (const [index, node] of nodes.entries()) {
    if (node.inputs.some((input) => passed.has(input))) passed.add(node.name);
    if (node.kind !== "watermark") continue;
    const field = `nodes[${index}]`;
    if (passed.has(node.name)) {
      return invalid(`${field}.inputs`, `"${node.name}" is behind another watermark`, "Give a stream one watermark.");
    }
    first ??= node;
    if (node.moves !== first.moves || node.policy !== first.policy || node.emptyBatch !== first.emptyBatch) {
      return invalid(
        field,
        `"${node.name}" moves in another way than "${first.name}"`,
        "Give all watermarks of a pipeline the same options.",
      );
    }
    if (node.moves === "everyBatch" && trigger.kind === "perEvent") {
      return invalid(
        "trigger",
        `"${node.name}" moves by micro-batches, and the pipeline runs per event`,
        `Give the pipeline a trigger such as every("10 seconds").`,
      );
    }
    passed.add(node.name);
  }
  return undefined;
}

/** Nodes over whole batches are in a pipeline that has them, and a query is one SELECT over stores of its own task. */
function checkBatches(plan: Plan): Problem {
  for (const [index, node] of plan.nodes.entries()) {
    const batched =
      node.kind === "mapBatch" || node.kind === "batchSql" || node.kind === "forEachBatch" || node.kind === "complete";
    if (!batched) continue;
    const field = `nodes[${index}]`;
    if (plan.trigger.kind === "perEvent") {
      return invalid(
        "trigger",
        `"${node.name}" works on micro-batches, and the pipeline runs per event`,
        `Give the pipeline a trigger such as every("10 seconds").`,
      );
    }
    const problem =
      node.kind === "batchSql"
        ? checkQuery(plan, node, field)
        : node.kind === "complete"
          ? checkComplete(plan, node, field)
          : undefined;
    if (problem) return problem;
  }
  return undefined;
}

/** What is sent are the rows that readers see, in the task where the changes are. */
function checkComplete(plan: Plan, { name, storeName }: CompleteNode, field: string): Problem {
  const task = cutPlan(plan).tasks.find(({ nodes }) => nodes.some((each) => each.name === name));
  if (task !== undefined && readableStore(task.nodes, storeName) !== undefined) return undefined;
  return invalid(
    `${field}.storeName`,
    `"${name}" sends all rows of "${storeName}", which is no store of a table in its task`,
    "Give the table a store: toTable({ store }), filter(…, { store }).",
  );
}

function checkQuery(plan: Plan, { name, query, stores }: BatchSqlNode, field: string): Problem {
  if (!/^\s*(select|with)\b/i.test(query) || query.includes(";")) {
    return invalid(
      `${field}.query`,
      `"${name}" is not one SELECT`,
      "Begin with SELECT or WITH, and leave semicolons out.",
    );
  }
  const task = cutPlan(plan).tasks.find(({ nodes }) =>
    nodes.some((each) => each.name === name && each.kind === "batchSql"),
  );
  for (const [alias, store] of Object.entries(stores)) {
    const found = task === undefined ? undefined : readableStore(task.nodes, store);
    if (found !== undefined && found.result === undefined) continue;
    if (found !== undefined) {
      return invalid(
        `${field}.stores.${alias}`,
        `"${name}" reads store "${store}", which holds states of aggregators, not their results`,
        "Query its rows as the batch: table.complete().batchSql(…), or a table of the results: .toStream().toTable().",
      );
    }
    return invalid(
      `${field}.stores.${alias}`,
      `"${name}" reads store "${store}", which is not in its task`,
      "Query a table that is made from the same topic and key: its rows are where the batch is.",
    );
  }
  return undefined;
}

function checkSinks(plan: Plan): Problem {
  const taken = new Set<string>();
  for (const [index, node] of plan.nodes.entries()) {
    if (node.kind !== "sink") continue;
    const problem = checkSink(node.sink, { plan, taken, field: `nodes[${index}].sink` });
    if (problem) return problem;
  }
  return undefined;
}
