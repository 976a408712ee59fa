import { MAX_SQL_RESULT_ROWS } from "../../../schema/limits.ts";
import type { Expression, Order } from "./query.ts";
import { hasAggregate } from "./scope.ts";
import { named, type SelectParts, selectText, type Statement } from "./select-text.ts";

/** How rows are put in order: by the column at `index`. */
export interface OrderColumn extends Pick<Order, "descending" | "nullsFirst"> {
  readonly index: number;
}

export type Merging = "key" | "count" | "sum" | "total" | "min" | "max";

interface Merge {
  readonly order: readonly OrderColumn[];
  readonly limit: number;
  readonly offset: number;
  /** Columns behind those that were asked for are left out in the end. */
  readonly columns: number;
}

/** What each partition answers, and how the answers become one. */
export type Part =
  | { readonly kind: "none"; readonly reason: string }
  | (Merge & {
      /** The rows of all, in order, each once if `distinct`. */
      readonly kind: "rows";
      readonly distinct: boolean;
      /** At most so many rows come of a partition. */
      statement(maxRows: number): Statement;
    })
  | (Merge & {
      /** Rows that are equal in the columns of kind `key` become one. */
      readonly kind: "groups";
      readonly merging: readonly Merging[];
      statement(): Statement;
    });

export function partOf(parts: SelectParts): Part {
  const { query, items } = parts;
  const aggregated =
    query.groupBy.length > 0 ||
    query.having !== undefined ||
    [...items, ...query.orderBy].some(({ expression }) => hasAggregate(expression));
  return aggregated ? groupsOf(parts) : rowsOf(parts);
}

function rowsOf(parts: SelectParts): Part {
  const { query, items } = parts;
  const hidden: Expression[] = [];
  const order = query.orderBy.map(({ expression, descending, nullsFirst }) => {
    const known = itemLike(expression, parts);
    if (known < 0) hidden.push(named(expression, items));
    return { index: known < 0 ? items.length + hidden.length - 1 : known, descending, nullsFirst };
  });
  if (query.distinct && hidden.length > 0)
    return none("rows that are there once are put in order by what is not selected");
  const { limit = Infinity, offset } = query;
  return {
    kind: "rows",
    distinct: query.distinct,
    order,
    limit,
    offset,
    columns: items.length,
    statement: (maxRows) => ({
      text: selectText(parts, { hidden, limit: offset + Math.min(limit, maxRows) }),
      columns: items.length + hidden.length,
    }),
  };
}

function groupsOf(parts: SelectParts): Part {
  const { query, items, scope } = parts;
  if (query.having !== undefined) return none("HAVING looks at groups as a whole");
  if (query.distinct) return none("DISTINCT looks at groups as a whole");
  const keys = query.groupBy.map((each) => scope.text(named(each, items), items));
  const merging: Merging[] = [];
  for (const { expression, name } of items) {
    const how = keys.includes(scope.text(expression, items)) ? "key" : mergingOf(expression);
    if (how === undefined)
      return none(
        `${name} is neither one of the groups' own values nor count, sum, total, min or max${insteadOf(expression)}`,
      );
    merging.push(how);
  }
  const order: OrderColumn[] = [];
  for (const { expression, descending, nullsFirst } of query.orderBy) {
    const index = itemLike(expression, parts);
    if (index < 0) return none("groups are put in order by what is not selected");
    order.push({ index, descending, nullsFirst });
  }
  const selected = items.map(({ expression }) => scope.text(expression, items));
  const hidden = query.groupBy
    .filter((_, index) => !selected.includes(keys[index] ?? ""))
    .map((each) => named(each, items));
  const { limit = Infinity, offset } = query;
  // One more than may be merged says that there are too many.
  const text = selectText(parts, { hidden, bare: true, limit: MAX_SQL_RESULT_ROWS + 1 });
  const all = [...merging, ...hidden.map(() => "key" as const)];
  return {
    kind: "groups",
    merging: all,
    order,
    limit,
    offset,
    columns: items.length,
    statement: () => ({ text, columns: all.length }),
  };
}

function mergingOf(expression: Expression): Merging | undefined {
  if (expression.kind !== "call" || expression.distinct) return undefined;
  const { name, args, star } = expression;
  if (!star && args.length !== 1) return undefined;
  return (["count", "sum", "total", "min", "max"] as const).find((known) => known === name);
}

function insteadOf(expression: Expression): string {
  const average = expression.kind === "call" && expression.name === "avg" && !expression.distinct;
  return average ? ": of an average select sum and count, and divide them" : "";
}

/** The item that an order is by, -1 where there is none. */
function itemLike(expression: Expression, { items, scope }: SelectParts): number {
  const text = scope.text(named(expression, items), items);
  return items.findIndex((item) => scope.text(item.expression, items) === text);
}

function none(reason: string): Part {
  return { kind: "none", reason };
}
