import type { CachedStore, StateEntry } from "./cached-store.ts";
import { compareKeys } from "./key-order.ts";
import type { SortedList } from "./sorted-list.ts";
import type { KeyRange, KeyRow, StoredValue, WindowRow } from "./state-store.ts";

/** Rows of one read; at least the first when so many are asked for. */
const PAGE_ROWS = 256;
const MIN_PAGE_ROWS = 16;

/** Rows of the StateStore, and what was changed since the last write over them. */
export function mergedScan(
  changed: SortedList<{ readonly key: string }, StateEntry>,
  range: KeyRange,
  { limit, read }: { limit: number; read: (range: KeyRange, limit: number) => readonly KeyRow[] },
): readonly KeyRow[] {
  const found: KeyRow[] = [];
  for (let place: KeyRange = range; found.length < limit;) {
    const wanted = Math.min(PAGE_ROWS, Math.max(MIN_PAGE_ROWS, limit - found.length));
    const page = read(place, wanted);
    const last = page.length < wanted ? undefined : page.at(-1);
    const over = [...changedIn(changed, place, last?.key)];
    const hidden = new Set(over.map(({ key }) => key));
    const rows = page.filter(({ key }) => !hidden.has(key));
    for (const { key, value } of over) if (value !== undefined) rows.push({ key, ...value });
    found.push(...(over.length === 0 ? rows : rows.toSorted((a, b) => compareKeys(a.key, b.key))));
    if (last === undefined) break;
    place = { ...range, after: last.key };
  }
  return found.length > limit ? found.slice(0, limit) : found;
}

/** `last` included; to the end of the range when it is not given. */
function* changedIn(
  changed: SortedList<{ readonly key: string }, StateEntry>,
  { from = "", after, to }: KeyRange,
  last: string | undefined,
): Iterable<StateEntry> {
  const first = after !== undefined && compareKeys(after, from) > 0 ? after : from;
  for (const entry of changed.from({ key: first })) {
    if (to !== undefined && compareKeys(entry.key, to) >= 0) return;
    if (last !== undefined && compareKeys(entry.key, last) > 0) return;
    if (entry.key !== after) yield entry;
  }
}

export interface WindowsOfKey {
  readonly fromMs: number;
  readonly toMs: number;
  readonly limit: number;
}

/** As `mergedScan` for the windows of one key. */
export function mergedWindows(
  store: CachedStore,
  key: string,
  { fromMs, toMs, limit, read }: WindowsOfKey & { read: (range: WindowsOfKey) => readonly WindowRow[] },
): readonly WindowRow[] {
  const over = new Map<number, StoredValue | undefined>();
  let removed = 0;
  for (const [start, rows] of store.windows) {
    const entry = start < fromMs || start > toMs ? undefined : rows.get(key);
    if (entry?.dirty !== true) continue;
    over.set(start, entry.value);
    if (entry.value === undefined) removed++;
  }
  // A removal hides a row at most, so with so many more there are enough.
  const found: WindowRow[] = read({ fromMs, toMs, limit: limit + removed }).filter(({ start }) => !over.has(start));
  for (const [start, value] of over) if (value !== undefined) found.push({ start, key, ...value });
  return found.toSorted((a, b) => a.start - b.start).slice(0, limit);
}
