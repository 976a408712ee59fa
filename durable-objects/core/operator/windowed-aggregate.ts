import type { AggregateNode } from "../../../schema/plan.ts";
import type { OperatorClock } from "./clock.ts";
import { ClosedResults, type ClosingTimes, type ClosingWindows } from "./closed-results.ts";
import { Fold } from "./fold.ts";
import type { ManyInputs } from "./input.ts";
import { LateRecords } from "./late-records.ts";
import type { Output, Runtime, Unsent } from "./operator.ts";
import { shownBy } from "./result-payload.ts";
import type { StreamRecord } from "./stream-record.ts";
import { Updates } from "./updates.ts";

export interface WindowedAggregateParts {
  readonly node: AggregateNode;
  readonly clock: OperatorClock;
  /** Of the records that are too late for all their windows. */
  readonly late: Output | undefined;
}

/** An aggregate by windows: what all kinds of them have in common, above all how their results go on. */
export abstract class WindowedAggregate implements ManyInputs {
  readonly name: string;
  protected readonly clock: OperatorClock;
  protected readonly runtime: Runtime;
  protected readonly fold: Fold;
  protected readonly late: LateRecords;
  /** Absent where results go on when windows have closed. */
  protected readonly updates: Updates | undefined;
  readonly #closed: ClosedResults | undefined;

  /** `closing`: the windows, absent where each change goes on. */
  constructor(
    {
      node,
      clock,
      late,
      times,
      closing: windows,
    }: WindowedAggregateParts & { readonly times: ClosingTimes; readonly closing: ClosingWindows | undefined },
    runtime: Runtime,
    output: Output,
  ) {
    this.name = node.name;
    this.clock = clock;
    this.runtime = runtime;
    this.fold = new Fold(node, runtime.cache);
    this.late = new LateRecords(runtime, late);
    const shown = shownBy(node, runtime.trace);
    this.updates = windows === undefined ? new Updates(runtime, output, shown) : undefined;
    this.#closed = windows && new ClosedResults({ windows, times, clock, shown }, runtime, output);
  }

  abstract process(record: StreamRecord, input?: number): void;

  /** Windows whose retention has passed at this time go. */
  protected abstract letGo(streamTimeMs: number): void;

  /** Windows up to this bound were sent as closed. */
  protected get sentThrough(): number {
    return this.#closed?.through ?? -Infinity;
  }

  timeMoved(): void {
    this.#closed?.timeMoved();
  }

  endBatch(): void {
    this.updates?.endBatch();
    this.#closed?.send();
  }

  unsent(): Unsent | undefined {
    return this.#closed?.unsent();
  }

  expire(): void {
    // Where time moves at the end of a batch, what has closed by it is sent with the next.
    const { lateTimeMs } = this.clock;
    if (lateTimeMs !== -Infinity) this.letGo(lateTimeMs);
  }
}
