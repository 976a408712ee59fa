import type { ShownRow } from "../read/view.ts";
import type { QueryTable } from "./compile.ts";
import type { Value } from "./query.ts";
import { type Extent, NUMBER_CHARACTERS, type TextSize } from "./work.ts";

/** What is known of the rows of a table that meet in a join. */
interface Met {
  count: number;
  keys: number;
  values: number;
}

interface Longest {
  key: number;
  value: number;
}

/** What a query goes through, counted before its joins are made: rows that are equal in what every join makes equal meet. */
export function extentOf(
  tables: readonly QueryTable[],
  joinedBy: readonly string[],
  rows: readonly (readonly ShownRow[])[],
): Extent {
  const idOf = (row: ShownRow): string =>
    rows.length === 1 ? "" : JSON.stringify(joinedBy.map((column) => cellOf(row, column)));
  const longest = rows.map((): Longest => ({ key: 0, value: 0 }));
  const met = rows.map((each, index) => counted(each, idOf, longest[index] ?? { key: 0, value: 0 }));
  const totals = rows.map(() => ({ keys: 0, values: 0 }));
  let pairs = 0;
  for (const id of met[0]?.keys() ?? []) {
    const here = met.map((each) => each.get(id));
    // A left join keeps what meets nothing.
    const made = here.reduce((product, each) => product * (each?.count ?? 1), 1);
    pairs += made;
    for (const [index, each] of here.entries()) {
      const total = totals[index];
      if (each === undefined || total === undefined) continue;
      total.keys += (made / each.count) * each.keys;
      total.values += (made / each.count) * each.values;
    }
  }
  const characters = met
    .flatMap((each) => [...each.values()])
    .reduce((sum, { keys, values }) => sum + keys + values, 0);
  return {
    rows: pairs,
    nesting: openedIn(rows) / Math.max(1, characters),
    read: { rows: rows.reduce((sum, { length }) => sum + length, 0), characters },
    size(relation, column): TextSize {
      const index = tables.findIndex((table) => table.relation === relation);
      const [total, most] = [totals[index], longest[index]];
      if (total === undefined || most === undefined) throw new Error(`no relation ${relation}`);
      if (column === "value") return { total: total.values, longest: most.value };
      if (column === "key" || column === "name") return { total: total.keys, longest: most.key };
      return { total: pairs * NUMBER_CHARACTERS, longest: NUMBER_CHARACTERS };
    },
  };
}

function counted(rows: readonly ShownRow[], idOf: (row: ShownRow) => string, longest: Longest): Map<string, Met> {
  const counts = new Map<string, Met>();
  for (const row of rows) {
    const id = idOf(row);
    const met = counts.get(id) ?? { count: 0, keys: 0, values: 0 };
    counts.set(id, met);
    const [key, value] = [keyCharacters(row), Math.max(row.value.length, NUMBER_CHARACTERS)];
    met.count++;
    met.keys += key;
    met.values += value;
    longest.key = Math.max(longest.key, key);
    longest.value = Math.max(longest.value, value);
  }
  return counts;
}

function openedIn(rows: readonly (readonly ShownRow[])[]): number {
  let opened = 0;
  for (const { value } of rows.flat()) {
    for (let at = 0; at < value.length; at++) {
      const unit = value.charCodeAt(at);
      if (unit === 0x5b || unit === 0x7b) opened++;
    }
  }
  return opened;
}

/** Of what tells it apart: its key, and in a map its name. */
export function keyCharacters({ key, name = "" }: ShownRow): number {
  return key.length + name.length;
}

export function cellOf(row: ShownRow, column: string): Value {
  switch (column) {
    case "timestamp":
      return row.timestampMs;
    case "key":
    case "start":
    case "end":
    case "name":
    case "at":
    case "seq":
      return row[column] ?? null;
    default:
      return row.value;
  }
}
