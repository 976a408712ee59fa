import { SortedList } from "./sorted-list.ts";
import { compareWindows, type WindowPlace } from "./window-place.ts";

/** Places kept from one write to the next; those after them are read again when they are reached. */
const KEPT_PLACES = 1_000;

/** What the places stand for: the cache and the StateStore behind it. */
export interface WindowSource {
  /**
   * The next rows of the StateStore, from `fromStart` on or after a place: those that the cache does not know to be
   * removed, and where the page ends; no end when there are no more.
   */
  page(from: { fromStart: number; after: WindowPlace | undefined }): {
    readonly live: Iterable<WindowPlace>;
    readonly end: WindowPlace | undefined;
  };
  /** Rows put since the last write. */
  unwritten(): Iterable<WindowPlace>;
}

/**
 * Which rows of a windowed store come next, changes not yet written included. In memory are the places from `#fromStart`
 * to `#knownTo`, all of them, and those put since the last write: that nothing is due costs a comparison.
 */
export class DueWindows {
  readonly #source: WindowSource;
  readonly #places = new SortedList<WindowPlace>(compareWindows);
  #fromStart = -Infinity;
  /** `undefined`: nothing is known; `end`: every row from `#fromStart` on. */
  #knownTo: WindowPlace | "end" | undefined;
  #askedFrom = -Infinity;

  constructor(source: WindowSource) {
    this.#source = source;
    this.#restart(-Infinity);
  }

  /** The first place after `after` with `fromStart <= start <= upToStart`. */
  next(
    after: WindowPlace | undefined,
    { fromStart, upToStart }: { fromStart: number; upToStart: number },
  ): WindowPlace | undefined {
    this.#askedFrom = fromStart;
    if (fromStart < this.#fromStart) this.#restart(fromStart);
    if (fromStart > this.#fromStart && this.#unknownBefore(fromStart)) {
      this.#fromStart = fromStart;
      this.#knownTo = undefined;
    }
    for (;;) {
      const place = this.#first(after, fromStart);
      if (place !== undefined && this.#known(place)) return place.start <= upToStart ? place : undefined;
      if (this.#knownTo === "end" || !this.#unknownBefore(upToStart + 1)) return undefined;
      this.#extend();
    }
  }

  /** `false`: there is no such row. */
  mayHave(place: WindowPlace): boolean {
    return place.start < this.#fromStart || !this.#known(place) || this.#places.has(place);
  }

  /** `false`: there is no row of this start. */
  mayHaveStart(start: number): boolean {
    if (start < this.#fromStart || this.#unknownBefore(start + 1)) return true;
    return this.#places.firstFrom({ start, key: "" })?.start === start;
  }

  /** A row came to be or ceased to be, also by an undo. */
  changed({ start, key }: WindowPlace, present: boolean): void {
    if (present) this.#places.add({ start, key });
    else this.#places.delete({ start, key });
  }

  /** All that was put is in the StateStore. */
  written(): void {
    this.#fromStart = Math.max(this.#fromStart, this.#askedFrom);
    if (this.#knownTo === undefined || (this.#knownTo !== "end" && this.#knownTo.start < this.#fromStart)) {
      this.#knownTo = undefined;
      this.#places.clear();
      return;
    }
    const to = this.#knownTo === "end" ? undefined : this.#knownTo;
    this.#places.keep({ from: { start: this.#fromStart, key: "" }, to });
    if (this.#places.size <= 2 * KEPT_PLACES) return;
    this.#places.keep({ most: KEPT_PLACES });
    this.#knownTo = this.#places.last;
  }

  /** Rows that start before this are gone from cache and StateStore. */
  expired(beforeStart: number): void {
    const { first } = this.#places;
    if (first !== undefined && first.start < beforeStart) this.#places.keep({ from: { start: beforeStart, key: "" } });
  }

  #first(after: WindowPlace | undefined, fromStart: number): WindowPlace | undefined {
    if (after !== undefined) return this.#places.firstAfter(after);
    return fromStart === -Infinity ? this.#places.first : this.#places.firstFrom({ start: fromStart, key: "" });
  }

  #known(place: WindowPlace): boolean {
    const to = this.#knownTo;
    return to === "end" || (to !== undefined && compareWindows(place, to) <= 0);
  }

  /** Some rows that start before this may not be known. */
  #unknownBefore(start: number): boolean {
    const to = this.#knownTo;
    return to === undefined || (to !== "end" && to.start < start);
  }

  #extend(): void {
    const after = this.#knownTo === "end" ? undefined : this.#knownTo;
    const { live, end } = this.#source.page({ fromStart: this.#fromStart, after });
    for (const place of live) this.changed(place, true);
    this.#knownTo = end ?? "end";
  }

  #restart(fromStart: number): void {
    this.#places.clear();
    this.#fromStart = fromStart;
    this.#knownTo = undefined;
    for (const place of this.#source.unwritten()) this.changed(place, true);
  }
}
