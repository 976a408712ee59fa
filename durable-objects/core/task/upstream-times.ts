import { type Cap, UNCAPPED } from "../operator/clock.ts";

/** The upstream tasks that write an internal topic under one tag: numbers `from <= upstream < to`. */
export interface UpstreamRange {
  readonly from: number;
  readonly to: number;
}

/** What of it outlives a slice: how far each upstream has come, null for one not heard of, and which are idle. */
export interface SavedUpstreams {
  readonly reached: readonly (number | null)[];
  readonly idle: readonly number[];
  /** By tag, null for -Infinity: behind an idle upstream that has returned a cap is above all that was reached. */
  readonly caps?: readonly (number | null)[] | undefined;
}

class MovingCap implements Cap {
  ms: number;

  constructor(ms: number) {
    this.ms = ms;
  }
}

/**
 * How far the upstream tasks of an internal topic have come in event time, as their batches say (ENG-20). The slowest one
 * that is not idle caps the clocks that its tag feeds; one not heard of is at -Infinity. A tag with one upstream has no
 * cap: what it sends is in its own order. Caps never go back, also when an idle upstream returns behind them.
 */
export class UpstreamTimes {
  readonly #ranges: readonly UpstreamRange[];
  readonly #caps: readonly MovingCap[];
  readonly #reached: number[] = [];
  readonly #idle = new Set<number>();

  /** `ranges` by tag. */
  constructor(ranges: readonly UpstreamRange[], saved: SavedUpstreams | undefined) {
    this.#ranges = ranges;
    this.#caps = ranges.map((_, tag) => new MovingCap(saved?.caps?.[tag] ?? -Infinity));
    const count = Math.max(0, ...ranges.map(({ to }) => to));
    for (let upstream = 0; upstream < count; upstream++) this.#reached.push(saved?.reached[upstream] ?? -Infinity);
    for (const upstream of saved?.idle ?? []) this.#idle.add(upstream);
    this.#move();
  }

  cap(tag: number): Cap {
    const { from, to } = this.#ranges[tag] ?? { from: 0, to: 0 };
    return to - from <= 1 ? UNCAPPED : (this.#caps[tag] ?? UNCAPPED);
  }

  /** How far time may go under a tag where nothing comes: to the slowest that is not idle, one upstream alone included. */
  liveMs(tag: number): number {
    return Math.min(...this.#live(this.#ranges[tag] ?? { from: 0, to: 0 }).map((upstream) => this.#at(upstream)));
  }

  /** All that the upstream sends from now on is of this time or later; it is not idle. Answers whether a cap moved. */
  heard(upstream: number, progressMs: number): boolean {
    this.#idle.delete(upstream);
    this.#reached[upstream] = Math.max(this.#reached[upstream] ?? -Infinity, progressMs);
    return this.#move();
  }

  /** The upstream has nothing and holds nothing back until it is heard of again. Answers whether a cap moved. */
  idle(upstream: number): boolean {
    this.#idle.add(upstream);
    return this.#move();
  }

  /** Upstreams that have not come further than the cap of their tag, for the status: they hold time. */
  get slowest(): number[] {
    return this.#ranges.flatMap((range, tag) => {
      const ms = this.cap(tag).ms;
      return ms === Infinity ? [] : this.#live(range).filter((upstream) => this.#at(upstream) <= ms);
    });
  }

  get allIdle(): boolean {
    return this.#ranges.every((range) => this.#live(range).length === 0);
  }

  /** The least time that any upstream has reached: what comes out of this task is of no earlier origin. */
  get progressMs(): number {
    const live = this.#ranges.flatMap((range) => this.#live(range));
    const counted = live.length > 0 ? live : this.#reached.keys();
    return Math.min(...[...counted].map((upstream) => this.#at(upstream)));
  }

  get saved(): SavedUpstreams {
    const known = (ms: number): number | null => (ms === -Infinity ? null : ms);
    return {
      reached: this.#reached.map(known),
      idle: [...this.#idle],
      caps: this.#caps.map(({ ms }) => known(ms)),
    };
  }

  #move(): boolean {
    let moved = false;
    for (const [tag, cap] of this.#caps.entries()) {
      const live = this.#live(this.#ranges[tag] ?? { from: 0, to: 0 });
      // With all of them idle nothing is held back: the largest timestamp seen stands.
      const ms = live.length === 0 ? Infinity : Math.min(...live.map((upstream) => this.#at(upstream)));
      if (ms <= cap.ms) continue;
      // Not Infinity itself, which would stay for ever.
      cap.ms = ms === Infinity ? Math.max(cap.ms, ...this.#reachedIn(tag)) : ms;
      moved = true;
    }
    return moved;
  }

  #reachedIn(tag: number): number[] {
    const { from, to } = this.#ranges[tag] ?? { from: 0, to: 0 };
    return this.#reached.slice(from, to);
  }

  #live({ from, to }: UpstreamRange): number[] {
    const live: number[] = [];
    for (let upstream = from; upstream < to; upstream++) if (!this.#idle.has(upstream)) live.push(upstream);
    return live;
  }

  #at(upstream: number): number {
    return this.#reached[upstream] ?? -Infinity;
  }
}
