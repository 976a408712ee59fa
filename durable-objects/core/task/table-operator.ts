import type { SuppressNode, TableAggregateNode, TableFilterNode, TableMapValuesNode } from "../../../schema/plan.ts";
import type { OperatorClock } from "../operator/clock.ts";
import type { Operator, Output, Runtime } from "../operator/operator.ts";
import { Suppress } from "../operator/suppress.ts";
import { TableAggregate } from "../operator/table-aggregate.ts";
import { TableFilter } from "../operator/table-filter.ts";
import { TableMapValues } from "../operator/table-map-values.ts";
import { RowStore } from "../operator/table-row.ts";
import { placesOf, sizeOf, storesOf } from "../plan/stores.ts";
import type { CachedStore } from "../store/store-cache.ts";

type MadeOfTable = TableAggregateNode | TableFilterNode | TableMapValuesNode | SuppressNode;

/** What the operators of tables need of the task. */
export interface TableParts {
  readonly runtime: Runtime;
  readonly open: (store: string, kind: "keyValue" | "window") => CachedStore;
  /** Of an operator that minds time. */
  readonly clock: () => OperatorClock;
}

export function tableOperator(node: MadeOfTable, { runtime, open, clock }: TableParts, output: Output): Operator {
  switch (node.kind) {
    case "tableFilter":
      return new TableFilter(node, rowsOf(node, { runtime, open }), output);
    case "tableMapValues":
      return new TableMapValues(node, rowsOf(node, { runtime, open }), output);
    case "tableAggregate":
      return new TableAggregate({ node, store: open(node.store.name, "keyValue") }, runtime, output);
    case "suppress": {
      const { name } = node.store;
      const kept = new Set(storesOf(node).map((store) => store.name));
      const opened = (store: string): CachedStore | undefined =>
        kept.has(store) ? open(store, "keyValue") : undefined;
      const stores = { rows: open(name, "window"), places: opened(placesOf(name)), size: opened(sizeOf(name)) };
      return new Suppress({ node, stores, clock: clock() }, runtime, output);
    }
  }
}

/** Of a table that keeps its rows. */
function rowsOf(
  { name, store }: TableFilterNode | TableMapValuesNode,
  { runtime, open }: Pick<TableParts, "runtime" | "open">,
): RowStore | undefined {
  return store === undefined ? undefined : new RowStore({ name, store: open(store.name, "keyValue") }, runtime);
}
