import type { CachedStore } from "../store/store-cache.ts";
import type { Undoable } from "../store/undo-log.ts";
import type { Clock } from "./clock.ts";
import type { Output, Runtime } from "./operator.ts";
import { TOMBSTONE } from "./payload.ts";
import type { Shown } from "./result-payload.ts";
import { StreamRecord } from "./stream-record.ts";
import type { WindowSlots } from "./window-slots.ts";

/** Of the owner: `store` holds the windows by their slots, and `clock` is as it was when they were last sent. */
export interface ClosedWindowsParts {
  readonly slots: WindowSlots;
  readonly store: CachedStore;
  readonly clock: Clock;
  readonly shown: Shown;
}

/**
 * Sends each window once, when it has closed: in order of slot, then key, each a unit of its own. In a micro-batch at its
 * end.
 */
export class ClosedWindows implements Undoable {
  readonly #parts: ClosedWindowsParts;
  readonly #runtime: Runtime;
  readonly #output: Output;
  /** Windows up to this slot were sent. Follows from the clock, so that nothing else need be remembered. */
  #through: number;

  constructor(parts: ClosedWindowsParts, runtime: Runtime, output: Output) {
    this.#parts = parts;
    this.#runtime = runtime;
    this.#output = output;
    this.#through = parts.slots.closedThrough(parts.clock.streamTimeMs);
  }

  /** The clock may have moved. */
  timeMoved(): void {
    if (!this.#runtime.microBatch) this.send();
  }

  undo(saved: unknown): void {
    this.#through = saved as number;
  }

  /** In a micro-batch at its end. */
  send(): void {
    const { slots, store, clock, shown } = this.#parts;
    const before = this.#through;
    const through = slots.closedThrough(clock.streamTimeMs);
    if (through <= before) return;
    this.#runtime.undo.save(this, before);
    this.#through = through;
    const { origin } = this.#runtime;
    const replaces = this.#output.readsBefore ? TOMBSTONE : undefined;
    for (const { start: slot, key, value } of this.#runtime.cache.dueWindows(store, {
      fromStart: before + 1,
      upToStart: through,
    })) {
      if (value === undefined) continue;
      const from = { timestampMs: value.timestampMs, origin, replaces };
      const result = new StreamRecord(slots.keyOf(key, slot), shown(value.value), from);
      this.#runtime.attempt(result, this.#output);
    }
  }
}
