import { MAX_SEQUENCE, PRODUCER_EXPIRY_MS, REMEMBERED_BATCHES } from "../../schema/limits.ts";

/** Kafka's: a sequence counts records from 0 to 2^31 - 1 and begins again. */
export function sequenceAfter(baseSequence: number, recordCount: number): number {
  return (baseSequence + recordCount) % (MAX_SEQUENCE + 1);
}

/** The field of a RecordBatch is an int16. */
export const MAX_PRODUCER_EPOCH = 32_767;

/** After this long without an acknowledgement the partition may have forgotten the producer. */
const KNOWN_MS = PRODUCER_EXPIRY_MS / 2;

/**
 * What an answer, or its absence, says of a batch: it is stored; it is not, because its predecessor is not there yet;
 * it is refused for good; or it is not known.
 */
export type Outcome = "stored" | "overtook" | "refused" | "unknown";

/** A batch in its place. */
export interface Slot<Batch> {
  readonly batch: Batch;
  readonly epoch: number;
  readonly baseSequence: number;
  readonly sent: boolean;
  /** An earlier try of it may have been stored, or still be. */
  readonly uncertain: boolean;
}

interface OpenSlot<Batch> extends Slot<Batch> {
  /** `retired` ones have been failed and only hold their place until what is before them has ended. */
  state: "waiting" | "flying" | "overtook" | "stored" | "retired";
  sent: boolean;
  uncertain: boolean;
  /** Everything before it was stored when it was sent last. */
  followed: boolean;
}

/**
 * The batches of one producer and partition from their first sending to their end, oldest first. Pure: it decides order
 * and sequences, its owner sends, and fails the batches it is told are lost.
 *
 * It relies on the partition to store a batch only after the one before it in sequence, to store a repeat once, to
 * refuse an older epoch and to let a new one start at any sequence (IDP-6 to IDP-9). Then, whatever is
 * lost, doubled, late or reordered on the way, what is reported stored is stored once and in order (SDK-20):
 *
 * - At most five are open, so that the partition still remembers the oldest one's offset (SDK-21). One that is stored
 *   before an older one is known to be keeps its place until then.
 * - A partition that does not know the producer accepts any sequence: there, one flies alone (SDK-22).
 * - What follows a batch that was given up goes on in a new epoch, which fences every copy still under way (SDK-23).
 */
export class SequenceWindow<Batch extends { readonly recordCount: number }> {
  #slots: OpenSlot<Batch>[] = [];
  #epoch: number;
  #nextSequence: number;
  #knownUntilMs = 0;

  constructor(start: { readonly epoch: number; readonly nextSequence: number }) {
    this.#epoch = start.epoch;
    this.#nextSequence = start.nextSequence;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** Of the next batch, if nothing goes wrong before it is added. */
  get nextSequence(): number {
    return this.#nextSequence;
  }

  get oldest(): Slot<Batch> | undefined {
    return this.#slots[0];
  }

  /** Every batch whose records nobody has been told about yet. */
  get open(): readonly Batch[] {
    return this.#slots.filter(({ state }) => state !== "stored" && state !== "retired").map(({ batch }) => batch);
  }

  room(nowMs: number): boolean {
    return this.#slots.length < (nowMs < this.#knownUntilMs ? REMEMBERED_BATCHES : 1);
  }

  /** Only while there is room. */
  add(batch: Batch): void {
    this.#slots.push(this.#slot(batch));
  }

  /** The next one to send now. What stands behind a retired batch waits for its new sequence. */
  take(nowMs: number): Slot<Batch> | undefined {
    let followed = true;
    for (const slot of this.#slots) {
      if (slot.state === "retired" || slot.state === "overtook") return undefined;
      if (slot !== this.#slots[0] && nowMs >= this.#knownUntilMs) return undefined;
      if (slot.state === "waiting") {
        slot.state = "flying";
        slot.sent = true;
        slot.followed = followed;
        return slot;
      }
      followed = slot.state === "stored";
    }
    return undefined;
  }

  /** Whether the batch is still where `take` left it: another slot may have it now, or it may have been failed. */
  flying(slot: Slot<Batch>): boolean {
    return this.#slots.some((open) => open === slot && open.state === "flying");
  }

  /**
   * Takes in how the flight of a slot ended, and answers the batches that are lost by it: to be failed by the owner. A
   * `contradiction` is a batch that overtook nothing and was told it did: the partition no longer has records that it
   * acknowledged.
   */
  land(slot: Slot<Batch>, outcome: Outcome, nowMs: number): readonly Batch[] | "contradiction" {
    const mine = this.#slots.find((open) => open === slot);
    if (mine === undefined || mine.state !== "flying") return [];
    let lost: readonly Batch[] = [];
    switch (outcome) {
      case "stored":
        mine.state = "stored";
        this.#knownUntilMs = nowMs + KNOWN_MS;
        break;
      case "overtook":
        if (mine.followed) return "contradiction";
        mine.state = "overtook";
        break;
      case "unknown":
        mine.state = "waiting";
        mine.uncertain = true;
        break;
      case "refused":
        lost = this.#retire(mine);
        break;
    }
    this.#settle();
    return lost;
  }

  /** Gives up the oldest one, unless it is flying. Answers the batches that are lost by it, itself first. */
  giveUp(): readonly Batch[] {
    const oldest = this.#slots[0];
    if (oldest === undefined || oldest.state === "flying") return [];
    const lost = this.#retire(oldest);
    this.#settle();
    return lost;
  }

  /**
   * The batch itself is lost. Those behind it depend on it: where it is certainly not stored, they are not either and can be
   * sent again; where it may be, so may they.
   */
  #retire(slot: OpenSlot<Batch>): readonly Batch[] {
    const after = this.#slots.slice(this.#slots.indexOf(slot) + 1);
    const lost = [slot, ...(slot.uncertain ? after.filter(({ state, sent }) => sent && state !== "stored") : [])];
    const alive = lost.filter(({ state }) => state !== "retired");
    for (const each of alive) each.state = "retired";
    return alive.map(({ batch }) => batch);
  }

  #settle(): void {
    this.#slots.forEach((slot, at) => {
      const before = this.#slots[at - 1];
      if (slot.state === "overtook" && (before === undefined || before.state === "stored")) slot.state = "waiting";
    });
    while (this.#slots[0]?.state === "stored") this.#slots.shift();
    if (this.#slots[0]?.state === "retired") this.#closeGap(this.#slots[0]);
  }

  /** The oldest one is retired: the others take its sequence, in a new epoch if a copy of any may be under way. */
  #closeGap(gap: OpenSlot<Batch>): void {
    const rest = this.#slots.filter(({ state }) => state !== "retired" && state !== "stored");
    if (gap.uncertain || this.#slots.some((slot) => slot !== gap && slot.sent)) {
      this.#epoch += 1;
      this.#nextSequence = 0;
      this.#knownUntilMs = 0;
    } else {
      this.#nextSequence = gap.baseSequence;
    }
    // New slots, so that a flight of the old epoch lands on none.
    this.#slots = [];
    for (const { batch } of rest) this.add(batch);
  }

  #slot(batch: Batch): OpenSlot<Batch> {
    const baseSequence = this.#nextSequence;
    this.#nextSequence = sequenceAfter(baseSequence, batch.recordCount);
    const fresh = { state: "waiting", sent: false, uncertain: false, followed: false } as const;
    return { batch, epoch: this.#epoch, baseSequence, ...fresh };
  }
}
