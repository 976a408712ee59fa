import type { LetterKind } from "../../../schema/dead-letter.ts";
import type { ErrorPolicy } from "../../../schema/plan.ts";
import type { Bytes, ConsumerRecord } from "../../../schema/record.ts";
import type { Tally, Trace } from "../operator/operator.ts";
import type { DeadLetters } from "../sink/dead-letters.ts";
import type { Outbox } from "../sink/outbox.ts";
import type { StoreCache } from "../store/store-cache.ts";
import type { UndoLog } from "../store/undo-log.ts";
import { RecordFailure } from "./record-failure.ts";

const NOTHING_YET: ConsumerRecord = { key: null, value: null, timestampMs: 0, headers: [], offset: -1 };

interface Parts {
  readonly undo: UndoLog;
  readonly trace: Trace;
  readonly tally: Tally;
  readonly cache: StoreCache;
  readonly outbox: Outbox;
  readonly deadLetters: DeadLetters;
  readonly policy: ErrorPolicy["kind"];
  /** The task reads an internal topic. */
  readonly internal: boolean;
}

/** What is done whole or not at all: an error undoes its unit and nothing else, and the unit's record is a dead letter. */
export class Units {
  readonly #parts: Parts;
  #atWork: ConsumerRecord = NOTHING_YET;
  #depth = 0;
  #stopped = false;
  #failed = false;
  #giveUp: ReadonlySet<number> | undefined;
  /** What is at work are dead letters: one that fails again stops nothing. */
  #redriving = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The record of the task's input that all is done for. */
  get atWork(): ConsumerRecord {
    return this.#atWork;
  }

  begin({
    giveUp,
    redriving = false,
  }: {
    giveUp?: ReadonlySet<number> | undefined;
    redriving?: boolean | undefined;
  }): void {
    this.#giveUp = giveUp;
    this.#redriving = redriving;
  }

  take(record: ConsumerRecord): void {
    this.#atWork = record;
  }

  /** What time brings: of no record, at this offset. */
  takeTick(offset: number): void {
    this.#atWork = { ...NOTHING_YET, offset };
  }

  /** Where a result that time brings comes from. */
  get place(): ConsumerRecord {
    return { ...NOTHING_YET, offset: this.#atWork.offset };
  }

  stop(reason: string): never {
    this.#stopped = true;
    throw new Error(reason);
  }

  /** A unit that is in no other. Answers false when its record is a dead letter. */
  whole(letter: () => ConsumerRecord, work: () => void, kind: LetterKind): boolean {
    this.#failed = false;
    this.run(letter, work, kind);
    return !this.#failed;
  }

  run(letter: () => ConsumerRecord | readonly ConsumerRecord[], work: () => void, kind: LetterKind = "result"): void {
    const { undo, outbox, tally, cache, trace } = this.#parts;
    const { recordsOut, lateRecords, droppedRecords, deadLetters } = tally;
    const undoMark = undo.mark;
    const outboxMark = outbox.mark;
    this.#depth++;
    try {
      work();
    } catch (error) {
      // Of the StateStore, or of what stops the task, it is nobody's record's, and goes on.
      if (cache.failed || this.#stopped) throw error;
      undo.rollback(undoMark);
      outbox.discard(outboxMark);
      Object.assign(tally, { recordsOut, lateRecords, droppedRecords, deadLetters });
      if (error instanceof RecordFailure) throw error;
      if (this.#depth === 1) this.#failed = true;
      const { offset } = this.#atWork;
      if (this.#stopsAt(offset)) throw new RecordFailure(error, { offset, node: trace.node });
      for (const one of [letter()].flat()) this.bury(one, { thrown: error, node: trace.node, kind });
    } finally {
      this.#depth--;
    }
    if (this.#depth === 0) this.settle();
  }

  bury(record: ConsumerRecord, cause: { thrown: unknown; node: string; kind: LetterKind }): void {
    const { internal, deadLetters, tally } = this.#parts;
    const envelope = cause.kind === "result" || !internal ? undefined : envelopeOf(this.#atWork, record);
    deadLetters.add(record, { ...cause, envelope });
    tally.deadLetters++;
  }

  /** What was done stays. */
  settle(): void {
    const { undo, outbox, cache } = this.#parts;
    undo.clear();
    outbox.commit();
    cache.trim();
  }

  /** A retry is of whole records: what fails inside one, or when time brings it, is a dead letter at once. */
  #stopsAt(offset: number): boolean {
    if (this.#redriving || this.#giveUp?.has(offset) === true) return false;
    const { policy } = this.#parts;
    return policy === "fail" || (policy === "retry" && this.#depth === 1);
  }
}

/** What stands in an internal topic in front of the value that the task before sent. */
function envelopeOf({ value: whole }: ConsumerRecord, { value }: ConsumerRecord): Bytes | undefined {
  return whole?.subarray(0, whole.length - (value?.length ?? 0));
}
