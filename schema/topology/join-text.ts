import type {
  ForeignKeyJoinNode,
  GlobalJoinNode,
  LookupNode,
  StreamJoinNode,
  StreamTableJoinNode,
  TableJoinNode,
} from "../plan.ts";
import type { JoinWindows, TimeWindows } from "../windows.ts";
import { durationText } from "./duration-text.ts";
import { lookupText } from "./lookup-text.ts";
import { windowsText } from "./windows-text.ts";

/** A join for reading. */
export function joinText(
  node: StreamJoinNode | StreamTableJoinNode | TableJoinNode | ForeignKeyJoinNode | GlobalJoinNode | LookupNode,
): string {
  switch (node.kind) {
    case "streamJoin":
      return [
        node.join,
        joinWindowsText(node.windows),
        ...(node.once ? ["once"] : []),
        ...(node.where ? ["where"] : []),
        `stores ${node.store.name}.left, ${node.store.name}.right`,
      ].join(", ");
    case "streamTableJoin":
      return `${node.join}${node.graceMs === undefined ? "" : `, grace ${durationText(node.graceMs)}`}`;
    case "globalJoin":
      return node.join;
    case "lookup":
      return lookupText(node);
    case "tableJoin":
      return `${node.join}${node.windows === undefined ? "" : ` of ${windowsText(node.windows)}`}, store ${node.store.name}`;
    case "foreignKeyJoin":
      return `${node.join} by foreign key, store ${node.store.name}`;
  }
}

function joinWindowsText(windows: JoinWindows | TimeWindows | undefined): string {
  if (windows === undefined) return "unbounded";
  if (windows.kind === "time") return windowsText(windows);
  const [before, after, grace] = [windows.beforeMs, windows.afterMs, windows.graceMs].map(durationText);
  return `${before === after ? `within ${before}` : `${before} before to ${after} after`}, grace ${grace}`;
}
