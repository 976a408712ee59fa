// Records a second, from a counter that is read now and then.

/** Long enough to hold two batches of a pipeline that runs every 2 seconds, so that the figure stands still. */
export const WINDOW_MS = 5_000;
/** After such a pause (the page was hidden) an average would say nothing about now. */
export const MAX_GAP_MS = 15_000;
export const MAX_POINTS = 60;

/** @typedef {{readonly atMs: number, readonly count: number}} Sample */

export class Rate {
  /** @type {Sample[]} */
  #samples = [];
  /** @type {number[]} */
  #points = [];

  /**
   * @param {number} atMs
   * @param {number} count never falls; one that does begins anew, as a new incarnation of a pipeline does
   */
  add(atMs, count) {
    const last = this.#samples.at(-1);
    if (last !== undefined && (count < last.count || atMs - last.atMs > MAX_GAP_MS)) {
      this.#samples = [];
      this.#points = [];
    }
    if (last !== undefined && atMs <= last.atMs) return;
    this.#samples.push({ atMs, count });
    // One sample outside the window stays: the window is measured from it.
    while ((this.#samples[1]?.atMs ?? atMs) <= atMs - WINDOW_MS) this.#samples.shift();
    const perSecond = this.perSecond;
    if (perSecond !== undefined) this.#points.push(perSecond);
    if (this.#points.length > MAX_POINTS) this.#points.shift();
  }

  /** Over the last WINDOW_MS; undefined until there are two samples. */
  get perSecond() {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || first === last) return undefined;
    return ((last.count - first.count) * 1000) / (last.atMs - first.atMs);
  }

  /** The latest figures, oldest first. */
  get points() {
    return /** @type {readonly number[]} */ (this.#points);
  }
}
