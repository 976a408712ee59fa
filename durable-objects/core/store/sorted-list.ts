/** A block is split at twice this: an insertion moves a few hundred items at most, however many there are. */
const BLOCK_ITEMS = 256;

/** Items in the order of `compare`, of equal ones only the first added. */
export class SortedList<Place, Item extends Place = Place> {
  readonly #compare: (a: Place, b: Place) => number;
  #blocks: Item[][] = [];
  #size = 0;

  constructor(compare: (a: Place, b: Place) => number) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#size;
  }

  get first(): Item | undefined {
    return this.#blocks[0]?.[0];
  }

  get last(): Item | undefined {
    return this.#blocks.at(-1)?.at(-1);
  }

  add(item: Item): void {
    const block = this.#blockOf(item) ?? this.#blocks.at(-1);
    if (block === undefined) this.#blocks.push([item]);
    else {
      const index = this.#indexIn(block, item);
      const found = block[index];
      if (found !== undefined && this.#compare(found, item) === 0) return;
      block.splice(index, 0, item);
      if (block.length >= 2 * BLOCK_ITEMS)
        this.#blocks.splice(this.#blocks.indexOf(block) + 1, 0, block.splice(BLOCK_ITEMS));
    }
    this.#size++;
  }

  has(place: Place): boolean {
    const found = this.firstFrom(place);
    return found !== undefined && this.#compare(found, place) === 0;
  }

  delete(place: Place): void {
    const block = this.#blockOf(place);
    if (block === undefined) return;
    const index = this.#indexIn(block, place);
    const found = block[index];
    if (found === undefined || this.#compare(found, place) !== 0) return;
    block.splice(index, 1);
    if (block.length === 0) this.#blocks.splice(this.#blocks.indexOf(block), 1);
    this.#size--;
  }

  /** The first that is not before the place. */
  firstFrom(place: Place): Item | undefined {
    const block = this.#blockOf(place);
    return block?.[this.#indexIn(block, place)];
  }

  firstAfter(place: Place): Item | undefined {
    const block = this.#blockOf(place);
    if (block === undefined) return undefined;
    const index = this.#indexIn(block, place);
    const found = block[index];
    if (found === undefined || this.#compare(found, place) !== 0) return found;
    return block[index + 1] ?? this.#blocks[this.#blocks.indexOf(block) + 1]?.[0];
  }

  /** Those that are not before the place, in order. Not to be changed meanwhile. */
  *from(place: Place): Iterable<Item> {
    const first = this.#blockOf(place);
    if (first === undefined) return;
    const index = this.#indexIn(first, place);
    for (let at = index; at < first.length; at++) yield first[at] as Item;
    for (let at = this.#blocks.indexOf(first) + 1; at < this.#blocks.length; at++) yield* this.#blocks[at] ?? [];
  }

  /** Only those from `from` on, not after `to`, and the first `most` of them stay. */
  keep({
    from,
    to,
    most = Infinity,
  }: {
    from?: Place | undefined;
    to?: Place | undefined;
    most?: number | undefined;
  }): void {
    const kept = this.#blocks
      .flat()
      .filter(
        (item) =>
          (from === undefined || this.#compare(item, from) >= 0) && (to === undefined || this.#compare(item, to) <= 0),
      )
      .slice(0, most);
    this.clear();
    for (let at = 0; at < kept.length; at += BLOCK_ITEMS) this.#blocks.push(kept.slice(at, at + BLOCK_ITEMS));
    this.#size = kept.length;
  }

  clear(): void {
    this.#blocks = [];
    this.#size = 0;
  }

  /** The first block that ends at or after the place. */
  #blockOf(place: Place): Item[] | undefined {
    let low = 0;
    let high = this.#blocks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const last = this.#blocks[middle]?.at(-1);
      if (last !== undefined && this.#compare(last, place) < 0) low = middle + 1;
      else high = middle;
    }
    return this.#blocks[low];
  }

  #indexIn(block: readonly Item[], place: Place): number {
    let low = 0;
    let high = block.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const item = block[middle];
      if (item !== undefined && this.#compare(item, place) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
