import type { TopologyNode } from "../rpc/catalog.ts";

/**
 * A Mermaid flowchart. Where a plan is cut at internal topics each task is a box of its own, and the arrows between them
 * bear the topics' names. Node ids are positions, since a name such as `end` is a word of Mermaid.
 */
export function mermaidOf(nodes: readonly TopologyNode[]): string {
  const tasks = [...new Set(nodes.flatMap(({ task }) => task ?? []))];
  const boxes =
    tasks.length <= 1
      ? nodes.map((node, index) => `  ${boxOf(node, index)}`)
      : [
          ...tasks.flatMap((task, index) => [
            `  subgraph t${index}["${escaped(task)}"]`,
            ...nodes.flatMap((node, at) => (node.task === task ? [`    ${boxOf(node, at)}`] : [])),
            "  end",
          ]),
          ...nodes.flatMap((node, at) => (node.task === undefined ? [`  ${boxOf(node, at)}`] : [])),
        ];
  return ["flowchart LR", ...boxes, ...arrowsOf(nodes)].join("\n");
}

function arrowsOf(nodes: readonly TopologyNode[]): string[] {
  const positions = new Map(nodes.map(({ name }, index) => [name, index]));
  return nodes.flatMap(({ inputs, task }, index) =>
    inputs.map((input) => {
      const from = positions.get(input) ?? 0;
      const before = nodes[from]?.task;
      const crosses = before !== undefined && task !== undefined && before !== task;
      return `  n${from} ${crosses ? `-- "${escaped(task)}" -->` : "-->"} n${index}`;
    }),
  );
}

function boxOf({ name, kind, detail }: TopologyNode, index: number): string {
  const label = detail === undefined ? escaped(name) : `${escaped(name)}<br/>${escaped(detail)}`;
  const [open, close] = shapes[kind] ?? ["[", "]"];
  return `n${index}${open}"${label}"${close}`;
}

/**
 * Text inside quotation marks, as Mermaid's entity codes where it would read more into it: the end of the label, HTML,
 * Markdown, a directive, a code.
 */
function escaped(text: string): string {
  return text.replaceAll(/["<>&#`%]/g, (found) => `#${found.codePointAt(0)};`);
}

/** Stadiums at the ends, cylinders for state, a slanted box where records are placed anew, a hexagon where others are asked. */
const shapes: { readonly [kind: string]: readonly [open: string, close: string] } = {
  source: ["([", "])"],
  sink: ["([", "])"],
  repartition: ["[/", "/]"],
  lookup: ["{{", "}}"],
  aggregate: ["[(", ")]"],
  toTable: ["[(", ")]"],
  tableAggregate: ["[(", ")]"],
  dedup: ["[(", ")]"],
  suppress: ["[(", ")]"],
  pattern: ["[(", ")]"],
  process: ["[(", ")]"],
  streamJoin: ["[(", ")]"],
  streamTableJoin: ["[(", ")]"],
  tableJoin: ["[(", ")]"],
  foreignKeyJoin: ["[(", ")]"],
  globalTable: ["[(", ")]"],
};
