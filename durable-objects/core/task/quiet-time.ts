import type { SourceNode } from "../../../schema/plan.ts";
import type { Operator } from "../operator/operator.ts";
import type { InternalSourceNode } from "../plan/task-plan.ts";
import type { Topology } from "./topology.ts";
import type { UpstreamTimes } from "./upstream-times.ts";

interface Parts {
  readonly topology: Topology;
  readonly upstreams: UpstreamTimes;
  readonly streamTimeMs: () => number;
}

/** Event time that goes on without records, in a tick, for operators that close when nothing comes (ENG-28). */
export class QuietTime {
  readonly #parts: Parts;
  #tickMs = -Infinity;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Of the slice that begins; -Infinity where it is no tick. */
  begin(tickMs: number): void {
    this.#tickMs = tickMs;
  }

  /** The time of an operator that closes when nothing comes, in a tick: as far as what comes to it may have come. */
  goOn({ name }: Operator): void {
    const { topology, streamTimeMs } = this.#parts;
    const closing = this.#tickMs === -Infinity ? undefined : topology.closing.get(name);
    if (closing === undefined || this.#tickMs - streamTimeMs() < closing.idleMs) return;
    closing.clock.tick(Math.min(this.#tickMs, this.#liveMs(name)));
  }

  /** Where a tick let time go on but sent nothing yet, as before an empty batch, another period of quiet must pass. */
  get tickAfterMs(): number | undefined {
    const { topology } = this.#parts;
    const streamTimeMs = this.#parts.streamTimeMs();
    const quietMs = Math.max(0, this.#tickMs - streamTimeMs);
    const waits = topology.operators.flatMap((operator) => {
      const closing = topology.closing.get(operator.name);
      const unsent = closing === undefined ? undefined : operator.unsent?.();
      if (closing === undefined || unsent === undefined) return [];
      const dueMs = closing.clock.eventTimeFor(unsent.dueMs);
      // It is held back: word of what holds it, or its own tick, asks again.
      if (this.#liveMs(operator.name) < dueMs) return [];
      const waitMs = Math.max(closing.idleMs, dueMs - streamTimeMs);
      return [waitMs > quietMs ? waitMs : quietMs + closing.idleMs];
    });
    return waits.length === 0 ? undefined : Math.min(...waits);
  }

  /** How far quiet may carry the time of an operator: to what the slowest before it still sends, in this task or another. */
  #liveMs(name: string): number {
    const { topology, upstreams } = this.#parts;
    const ofSource = (source: SourceNode | InternalSourceNode): number =>
      source.kind === "source" ? Infinity : upstreams.liveMs(source.tag);
    return topology.held.into(name, ofSource);
  }
}
