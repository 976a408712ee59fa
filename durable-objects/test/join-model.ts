import type { StreamJoinNode } from "../../schema/plan.ts";
import type { JoinWindows, TimeWindows } from "../../schema/windows.ts";

export interface JoinEvent {
  readonly side: "left" | "right";
  readonly key: string | null;
  readonly n: number | null;
  readonly timestampMs: number;
}

export interface JoinRules extends Pick<StreamJoinNode, "join" | "unmatched"> {
  readonly windows: JoinWindows | TimeWindows | undefined;
  readonly where: boolean;
  readonly once?: boolean | undefined;
}

export interface Joined {
  readonly key: string | null;
  readonly value: unknown;
  readonly timestampMs: number;
}

export const holds = (left: number, right: number): boolean => left <= right;

interface Row {
  readonly side: "left" | "right";
  readonly key: string;
  readonly n: number;
  readonly at: number;
  readonly arrival: number;
  waits: boolean;
}

/** A stream join as its rules say, over lists, with every pair looked at. */
export class JoinModel {
  readonly results: Joined[] = [];
  readonly #rules: JoinRules;
  #rows: Row[] = [];
  #arrivals = 0;
  readonly #times = { left: -Infinity, right: -Infinity };

  constructor(rules: JoinRules) {
    this.#rules = rules;
  }

  take({ side, key, n, timestampMs: at }: JoinEvent): void {
    if (n === null || (key === null && !this.#keeps(side))) return;
    this.#times[side] = Math.max(this.#times[side], at);
    this.#close();
    if (this.#rules.windows?.kind === "time" && at < this.#closed(side)) return;
    if (key === null) return this.#emit(null, { [side]: n }, at);
    const row: Row = { side, key, n, at, arrival: this.#arrivals++, waits: false };
    const matched = this.#match(row);
    if (matched && this.#once && side === "left") return;
    if (!matched && this.#keeps(side)) {
      const { unmatched } = this.#rules;
      const alone = unmatched === "eager" || at < (unmatched === "kafka" ? this.#passed(side) : this.#closed(side));
      if (alone) this.#emit(key, { [side]: n }, at);
      if (alone && unmatched === "onClose") return;
      row.waits = !alone;
    }
    if (at >= this.#oldest(side)) this.#rows.push(row);
  }

  #match(row: Row): boolean {
    const { join, where, windows } = this.#rules;
    let matched = false;
    const others = this.#rows
      .filter(({ side, key, at }) => side !== row.side && key === row.key && at >= this.#oldest(side))
      .toSorted((a, b) => a.at - b.at || a.arrival - b.arrival);
    for (const other of others) {
      const [left, right] = row.side === "left" ? [row, other] : [other, row];
      if (
        !inTime(windows, left.at, right.at) ||
        (where && !holds(left.n, right.n)) ||
        (this.#once && matched && row.side === "left")
      )
        continue;
      matched = true;
      other.waits = false;
      const at = Math.max(left.at, right.at);
      if (join === "semi") this.results.push({ key: row.key, value: left.n, timestampMs: at });
      else this.#emit(row.key, { left: left.n, right: right.n }, at);
      if (this.#once) this.#rows = this.#rows.filter((each) => each !== left);
    }
    return matched;
  }

  #close(): void {
    const due = this.#rows
      .filter(({ side, at, waits }) => waits && at < this.#closed(side))
      .toSorted(
        (a, b) =>
          a.at - b.at ||
          Number(a.side === "left") - Number(b.side === "left") ||
          (a.key < b.key ? -1 : Number(a.key > b.key)) ||
          a.arrival - b.arrival,
      );
    for (const row of due) {
      row.waits = false;
      this.#emit(row.key, { [row.side]: row.n }, row.at);
    }
    if (this.#rules.unmatched === "onClose") this.#rows = this.#rows.filter((row) => !due.includes(row));
  }

  #emit(
    key: string | null,
    { left = null, right = null }: { left?: number | null; right?: number | null },
    at: number,
  ) {
    this.results.push({ key, value: [left, right], timestampMs: at });
  }

  get #once(): boolean {
    return this.#rules.join === "semi" || this.#rules.once === true;
  }

  #keeps(side: "left" | "right"): boolean {
    return this.#rules.join === "outer" || (this.#rules.join === "left" && side === "left");
  }

  #oldest(side: "left" | "right"): number {
    const { windows } = this.#rules;
    if (windows === undefined) return -Infinity;
    if (windows.kind === "time") return this.#closed(side);
    return this.#times[side] - windows.beforeMs - windows.afterMs - windows.graceMs;
  }

  #closed(side: "left" | "right"): number {
    const { windows } = this.#rules;
    if (windows?.kind === "time") return startOf(windows, this.#streamTime - windows.graceMs);
    return this.#passed(side) - (windows?.graceMs ?? 0);
  }

  #passed(side: "left" | "right"): number {
    const { windows } = this.#rules;
    if (windows === undefined) return -Infinity;
    if (windows.kind === "time") return startOf(windows, this.#streamTime);
    return this.#streamTime - (side === "left" ? windows.afterMs : windows.beforeMs);
  }

  get #streamTime(): number {
    return Math.max(this.#times.left, this.#times.right);
  }
}

function startOf({ sizeMs }: TimeWindows, ms: number): number {
  return Math.floor(ms / sizeMs) * sizeMs;
}

function inTime(windows: JoinRules["windows"], left: number, right: number): boolean {
  if (windows === undefined) return true;
  if (windows.kind === "time") return startOf(windows, left) === startOf(windows, right);
  return right >= left - windows.beforeMs && right <= left + windows.afterMs;
}
