// Where the tail stands in each partition of a topic, and which partition it reads next.

/**
 * @typedef {{readonly partition: number, readonly logStartOffset: number, readonly logEndOffset: number}} Extent
 * @typedef {{readonly nextOffset: number, readonly logEndOffset: number}} Reached
 * @typedef {{readonly partition: number, offset: number, end: number, turn: number, reading: boolean}} Position
 */

/** Rows that the tail keeps. */
export const KEPT = 100;
/** Further behind than this the tail jumps: nobody reads a thousand rows a second. */
const MAX_BEHIND = 1_000;

export class TailPositions {
  /** @type {readonly Position[]} */
  #positions;
  #turns = 0;
  /** Records jumped over. */
  skipped = 0;

  /**
   * Begins with the latest records, about KEPT over all partitions.
   * @param {readonly Extent[]} extents
   */
  constructor(extents) {
    this.#positions = extents.map(({ partition, logStartOffset, logEndOffset }) => {
      const offset = Math.max(logStartOffset, logEndOffset - this.#share(extents.length));
      return { partition, offset, end: logEndOffset, turn: 0, reading: false };
    });
  }

  /** @param {number} partitions */
  #share(partitions) {
    return Math.max(5, Math.ceil(KEPT / partitions));
  }

  /** There is something that has not been read. */
  get behind() {
    return this.#positions.some(({ offset, end }) => offset < end);
  }

  /**
   * A partition with records to read before one without, then the one whose turn is the longest ago. It is nobody else's
   * until `done`.
   * @returns {{readonly partition: number, readonly offset: number, readonly behind: boolean} | undefined}
   */
  take() {
    const [next] = this.#positions
      .filter(({ reading }) => !reading)
      .toSorted((a, b) => Number(b.offset < b.end) - Number(a.offset < a.end) || a.turn - b.turn);
    if (next === undefined) return undefined;
    next.reading = true;
    next.turn = ++this.#turns;
    return { partition: next.partition, offset: next.offset, behind: next.offset < next.end };
  }

  /**
   * Gives the partition back, with what the read came to if it was answered.
   * @param {number} partition
   * @param {Reached} [reached]
   */
  done(partition, reached) {
    const position = this.#positions[partition];
    if (position === undefined) return;
    position.reading = false;
    if (reached === undefined) return;
    position.offset = reached.nextOffset;
    position.end = Math.max(position.end, reached.logEndOffset);
    if (position.end - position.offset <= MAX_BEHIND) return;
    const offset = position.end - this.#share(this.#positions.length);
    this.skipped += offset - position.offset;
    position.offset = offset;
  }

  /**
   * What is known from elsewhere, so that partitions that no read waits on are noticed.
   * @param {readonly Extent[]} extents
   */
  see(extents) {
    for (const { partition, logEndOffset } of extents) {
      const position = this.#positions[partition];
      if (position !== undefined) position.end = Math.max(position.end, logEndOffset);
    }
  }
}
