import type { OrderedItem, OrderedPlace, OrderedRow } from "../core/store/ordered-rows.ts";
import type { StoredValue } from "../core/store/state-store.ts";
import { compareBytes } from "./keys.ts";

/** An ordered store as an array of rows. */
export class OrderedModel {
  rows: readonly OrderedRow[] = [];
  expiredBefore = -Infinity;

  copy(): OrderedModel {
    const copy = new OrderedModel();
    copy.rows = this.rows;
    copy.expiredBefore = this.expiredBefore;
    return copy;
  }

  put({ key, at, seq }: OrderedPlace, value: StoredValue | undefined): void {
    const others = this.rows.filter((row) => row.key !== key || row.at !== at || row.seq !== seq);
    const kept = value === undefined || at < this.expiredBefore ? others : [...others, { key, at, seq, ...value }];
    this.rows = kept;
  }

  remove(place: OrderedPlace): void {
    this.put(place, undefined);
  }

  get({ key, at, seq }: OrderedPlace): OrderedItem | undefined {
    return this.range(key, { fromAt: at, toAt: at }).find((row) => row.seq === seq);
  }

  append(key: string, at: number, value: StoredValue): number {
    const last = this.range(key, { fromAt: at, toAt: at }).at(-1);
    const seq = last === undefined ? 0 : last.seq + 1;
    this.put({ key, at, seq }, value);
    return seq;
  }

  expire(beforeAt: number): void {
    this.expiredBefore = Math.max(this.expiredBefore, beforeAt);
    this.rows = this.rows.filter((row) => row.at >= this.expiredBefore);
  }

  range(
    key: string,
    range: { fromAt: number; toAt: number; limit?: number | undefined; descending?: boolean | undefined },
  ): OrderedItem[] {
    const rows = this.rows.filter((row) => row.key === key && range.fromAt <= row.at && row.at <= range.toAt);
    rows.sort((a, b) => a.at - b.at || a.seq - b.seq);
    if (range.descending === true) rows.reverse();
    return rows
      .slice(0, range.limit ?? Infinity)
      .map(({ at, seq, value, timestampMs }) => ({ at, seq, value, timestampMs }));
  }

  scan(): readonly OrderedRow[] {
    return this.rows.toSorted((a, b) => compareBytes(a.key, b.key) || a.at - b.at || a.seq - b.seq);
  }
}
