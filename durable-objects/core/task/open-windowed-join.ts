import type { AggregateNode, TableJoinNode } from "../../../schema/plan.ts";
import type { Windows } from "../../../schema/windows.ts";
import { assert } from "../assert.ts";
import type { OperatorClock } from "../operator/clock.ts";
import type { JoinRows } from "../operator/join-rows.ts";
import type { Operator, Output, Runtime } from "../operator/operator.ts";
import { payloadOf } from "../operator/payload.ts";
import { shownBy } from "../operator/result-payload.ts";
import { TableJoin } from "../operator/table-join.ts";
import { WindowLifetime } from "../operator/window-lifetime.ts";
import { DerivedRows, WindowedRows, type WindowedRowsParts, WindowedStore } from "../operator/windowed-rows.ts";
import { slotsOf, type WindowSlots } from "../operator/window-slots.ts";
import type { TaskNode, TaskPlan } from "../plan/task-plan.ts";
import { liesByKey } from "../plan/windows.ts";

interface TaskParts {
  readonly plan: TaskPlan;
  readonly runtime: Runtime;
  readonly clockOf: (node: TaskNode) => OperatorClock;
}

/** A table that a join reads: its rows, and which of its windows are there. */
interface Side {
  readonly rows: JoinRows;
  readonly lifetime: WindowLifetime;
}

/** A join of two windowed tables, whose rows it reads in the window stores of their aggregates. */
export function openWindowedJoin(
  node: TableJoinNode,
  { output, ...parts }: TaskParts & { readonly output: Output },
): readonly Operator[] {
  const [left, right] = sidesOf(node, parts);
  const store = new WindowedStore(joinParts(node, [left, right], parts));
  return new TableJoin({ node, rows: [left.rows, right.rows], store }, parts.runtime, output).sides;
}

function sidesOf({ inputs: [left, right] }: TableJoinNode, parts: TaskParts): readonly [left: Side, right: Side] {
  return [sideOf(left, parts), sideOf(right, parts)];
}

function sideOf(name: string, parts: TaskParts): Side {
  const { plan, runtime, clockOf } = parts;
  const node = plan.nodes.find((each) => each.name === name);
  if (node?.kind === "tableFilter" || node?.kind === "tableMapValues") {
    const { rows, lifetime } = sideOf(node.inputs[0] ?? "", parts);
    return { rows: new DerivedRows(rows, node), lifetime };
  }
  if (node?.kind === "tableJoin") {
    const joined = joinParts(node, sidesOf(node, parts), parts);
    return { rows: new WindowedRows(joined, payloadOf), lifetime: joined.lifetime };
  }
  assert(node?.kind === "aggregate", `the windows of ${name} are kept in the task of those that join them`);
  const clock = clockOf(node);
  const slots = windowSlots(node.windows, node.store.retentionMs);
  const lifetime = new WindowLifetime(runtime, () => slots.expiredBefore(clock.lateTimeMs));
  const lies = stored(node, { slots, lifetime }, runtime);
  return { rows: new WindowedRows(lies, shownBy(node, runtime.trace)), lifetime };
}

function joinParts(
  node: TableJoinNode,
  [left, right]: readonly [Side, Side],
  { runtime }: TaskParts,
): WindowedRowsParts {
  const slots = windowSlots(node.windows, undefined);
  const lifetime = new WindowLifetime(runtime, () => {
    return Math.min(left.lifetime.boundNow, right.lifetime.boundNow);
  });
  return stored(node, { slots, lifetime }, runtime);
}

function stored(
  { store }: AggregateNode | TableJoinNode,
  lies: Pick<WindowedRowsParts, "slots" | "lifetime">,
  { cache }: Runtime,
): WindowedRowsParts {
  return { cache, store: cache.open(store.name, "window"), ...lies };
}

function windowSlots(windows: Windows | undefined, retentionMs: number | undefined): WindowSlots {
  assert(windows !== undefined && !liesByKey(windows), "tables are joined by windows that lie by time");
  return slotsOf(windows, retentionMs);
}
