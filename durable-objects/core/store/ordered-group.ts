import type { CacheMemory, Resident } from "./cache-memory.ts";
import { compareItems, indexOf, type AtRange, type OrderedItem } from "./ordered-rows.ts";
import type { StoredValue } from "./state-store.ts";
import type { Undoable, UndoLog } from "./undo-log.ts";

/** Bytes of a row and of a group besides their texts, roughly. */
const ROW_BYTES = 100;
const GROUP_BYTES = 300;

/** One row in memory. Never changed but for its flags: who holds it from a read keeps what was read. */
export class CachedRow implements OrderedItem {
  readonly at: number;
  readonly seq: number;
  readonly value: string;
  readonly timestampMs: number;
  /** Says that there is no row here, whatever the StateStore has. */
  readonly removed: boolean;
  /** The StateStore has a row at this place, this one or one that it replaces. */
  stored: boolean;
  /** It is this one. */
  written = false;

  constructor(place: { at: number; seq: number; stored: boolean }, value: StoredValue | undefined) {
    this.at = place.at;
    this.seq = place.seq;
    this.value = value?.value ?? "";
    this.timestampMs = value?.timestampMs ?? 0;
    this.removed = value === undefined;
    this.stored = place.stored;
  }

  get bytes(): number {
    return ROW_BYTES + 2 * this.value.length;
  }
}

/** What a group needs of the cache around it. */
export interface GroupHome {
  readonly memory: CacheMemory;
  readonly undoLog: UndoLog;
  /** Set by a group of which an early write is better for memory. */
  overgrown: boolean;
  /** Its group is about to change, for the first time since the last write. */
  changing(group: OrderedGroup): void;
  /** Takes a group out of the cache. */
  leave(group: OrderedGroup): void;
}

/** A change to take back: `after` came into the place, or `before` left it. */
interface Change {
  readonly before: CachedRow | undefined;
  readonly after: CachedRow | undefined;
}

/** `undefined`: no row. */
export interface RowState {
  readonly at: number;
  readonly seq: number;
  readonly value: StoredValue | undefined;
}

/** Rows of one key in one bucket: what the cache loads and lets go at once. */
export abstract class OrderedGroup implements Undoable, Resident {
  readonly bucket: number;
  readonly key: string;
  bytes: number;
  used = false;
  expired = false;
  dirty = false;
  protected readonly home: GroupHome;
  /** In (at, seq) order. */
  protected rows: CachedRow[] = [];

  constructor(home: GroupHome, { bucket, key }: { bucket: number; key: string }) {
    this.home = home;
    this.bucket = bucket;
    this.key = key;
    this.bytes = GROUP_BYTES + 2 * key.length;
  }

  /** Ends included; what the caller must not see is outside of them. */
  abstract range(range: AtRange): readonly OrderedItem[];
  abstract get(at: number, seq: number): OrderedItem | undefined;
  abstract set(at: number, seq: number, value: StoredValue | undefined): void;
  /** It holds no row, and there is none. */
  abstract readonly empty: boolean;
  abstract nextSeq(at: number): number;
  /** What must be written, each place once. The StateStore has it from then on. */
  abstract changes(): RowState[];

  leave(): void {
    this.home.leave(this);
  }

  undo(saved: unknown): void {
    const { before, after } = saved as Change;
    const { at, seq } = (after ?? before)!;
    const index = indexOf(this.rows, at, seq);
    this.#swap(index, { before: after, after: before });
  }

  protected rowAt(index: number, at: number, seq: number): CachedRow | undefined {
    const row = this.rows[index];
    return row?.at === at && row.seq === seq ? row : undefined;
  }

  protected change(index: number, change: Change): void {
    this.home.undoLog.save(this, change);
    this.#swap(index, change);
    if (this.dirty) return;
    this.dirty = true;
    this.home.changing(this);
  }

  #swap(index: number, { before, after }: Change): void {
    if (before !== undefined && after !== undefined) this.rows[index] = after;
    else if (before !== undefined) this.rows.splice(index, 1);
    else if (after !== undefined) this.rows.splice(index, 0, after);
    this.grow((after?.bytes ?? 0) - (before?.bytes ?? 0));
  }

  protected grow(bytes: number): void {
    this.bytes += bytes;
    this.home.memory.grow(bytes);
  }

  protected between({ fromAt, toAt }: AtRange): readonly CachedRow[] {
    const { rows } = this;
    const from = indexOf(rows, fromAt, 0);
    if (from === rows.length) return NO_ROWS;
    const to = indexOf(rows, toAt, Infinity);
    return rows.slice(from, to);
  }
}

const NO_ROWS: readonly CachedRow[] = [];

/** A group of which every row is here. */
export class WholeGroup extends OrderedGroup {
  /** Removed since the last write, some of them put back since. */
  #removed: CachedRow[] = [];

  constructor(home: GroupHome, place: { bucket: number; key: string }, items: readonly OrderedItem[]) {
    super(home, place);
    for (const item of items) {
      const row = new CachedRow({ at: item.at, seq: item.seq, stored: true }, item);
      row.written = true;
      this.rows.push(row);
      this.bytes += row.bytes;
    }
  }

  get empty(): boolean {
    return this.rows.length === 0;
  }

  nextSeq(at: number): number {
    const last = this.rows[indexOf(this.rows, at, Infinity) - 1];
    return last?.at === at ? last.seq + 1 : 0;
  }

  range(range: AtRange): readonly OrderedItem[] {
    return cut(this.between(range), range);
  }

  get(at: number, seq: number): OrderedItem | undefined {
    return this.rowAt(indexOf(this.rows, at, seq), at, seq);
  }

  set(at: number, seq: number, value: StoredValue | undefined): void {
    const index = indexOf(this.rows, at, seq);
    const before = this.rowAt(index, at, seq);
    if (value !== undefined) {
      if (before?.value === value.value && before.timestampMs === value.timestampMs) return;
      this.change(index, { before, after: new CachedRow({ at, seq, stored: before?.stored ?? false }, value) });
    } else if (before !== undefined) {
      if (before.stored) this.#removed.push(before);
      this.change(index, { before, after: undefined });
    }
  }

  changes(): RowState[] {
    const changed: RowState[] = [];
    const gone = new Set<string>();
    for (const { at, seq } of this.#removed) {
      const place = `${at}/${seq}`;
      if (gone.has(place) || this.get(at, seq) !== undefined) continue;
      gone.add(place);
      changed.push({ at, seq, value: undefined });
    }
    for (const row of this.rows) {
      if (row.written) continue;
      row.stored = row.written = true;
      changed.push(stateOf(row));
    }
    this.#removed = [];
    this.dirty = false;
    return changed;
  }
}

/** Changes that wait for the write, above which reads of a PartialGroup would become slow. */
const MAX_WAITING = 500;

/** A group too large to load: only what was changed since the last write is here, removals as rows that say so. */
export class PartialGroup extends OrderedGroup {
  readonly #stored: (range: AtRange) => readonly OrderedItem[];

  /** `stored` reads the group's rows in the StateStore. */
  constructor(
    home: GroupHome,
    place: { bucket: number; key: string },
    stored: (range: AtRange) => readonly OrderedItem[],
  ) {
    super(home, place);
    this.#stored = stored;
  }

  /** Its rows are elsewhere. */
  get empty(): boolean {
    return false;
  }

  nextSeq(at: number): number {
    const last = this.range({ fromAt: at, toAt: at, limit: 1, descending: true })[0];
    return last === undefined ? 0 : last.seq + 1;
  }

  range(range: AtRange): readonly OrderedItem[] {
    const changed = this.between(range);
    if (changed.length === 0) return this.#stored(range);
    // Each change hides at most one row.
    const stored = this.#stored({ ...range, limit: (range.limit ?? Infinity) + changed.length });
    const hidden = new Set(changed.map(({ at, seq }) => `${at}/${seq}`));
    const rows = [
      ...stored.filter(({ at, seq }) => !hidden.has(`${at}/${seq}`)),
      ...changed.filter((row) => !row.removed),
    ];
    return cut(rows.toSorted(compareItems), range);
  }

  get(at: number, seq: number): OrderedItem | undefined {
    const changed = this.rowAt(indexOf(this.rows, at, seq), at, seq);
    if (changed !== undefined) return changed.removed ? undefined : changed;
    return this.#stored({ fromAt: at, toAt: at }).find((item) => item.seq === seq);
  }

  set(at: number, seq: number, value: StoredValue | undefined): void {
    const index = indexOf(this.rows, at, seq);
    this.change(index, { before: this.rowAt(index, at, seq), after: new CachedRow({ at, seq, stored: true }, value) });
    if (this.rows.length > MAX_WAITING) this.home.overgrown = true;
  }

  changes(): RowState[] {
    const changed = this.rows.map(stateOf);
    for (const row of this.rows) this.grow(-row.bytes);
    this.rows = [];
    this.dirty = false;
    return changed;
  }
}

function stateOf(row: CachedRow): RowState {
  return { at: row.at, seq: row.seq, value: row.removed ? undefined : row };
}

/** Ascending rows in the order and number asked for. `rows` is the caller's own. */
function cut(rows: readonly OrderedItem[], { limit = Infinity, descending = false }: AtRange): readonly OrderedItem[] {
  if (!descending) return rows.length > limit ? rows.slice(0, limit) : rows;
  return (rows.length > limit ? rows.slice(rows.length - limit) : rows.slice()).reverse();
}
