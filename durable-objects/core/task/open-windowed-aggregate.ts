import type { AggregateNode } from "../../../schema/plan.ts";
import type { SessionWindows, SlidingWindows, Windows } from "../../../schema/windows.ts";
import type { OperatorClock } from "../operator/clock.ts";
import type { ManyInputs } from "../operator/input.ts";
import type { Output, Runtime } from "../operator/operator.ts";
import { SessionAggregate } from "../operator/session-aggregate.ts";
import { SessionTimes } from "../operator/session-times.ts";
import { SlidingAggregate } from "../operator/sliding-aggregate.ts";
import { SlidingTimes } from "../operator/sliding-times.ts";
import { WindowAggregate } from "../operator/window-aggregate.ts";
import { slotsOf } from "../operator/window-slots.ts";
import { timersOf } from "../plan/stores.ts";
import type { CachedStore } from "../store/cached-store.ts";
import type { OrderedStore } from "../store/ordered-store.ts";
import { TimerQueue } from "../store/timer-queue.ts";

/** Buckets of rows in a retention, which leave one by one. */
const BUCKETS = 48;

export interface OpenWindowedAggregateParts {
  readonly node: AggregateNode;
  readonly windows: Windows;
  readonly clock: OperatorClock;
  /** Of the records that are too late; undefined when nobody reads them. */
  readonly late: Output | undefined;
  /** Its store, where windows lie by time: others may ask for it too. */
  readonly open: () => CachedStore;
  /** Nobody looks at it before a micro-batch ends. */
  readonly unread: boolean;
}

/** The operator of an aggregate by windows, with its stores. */
export function openWindowedAggregate(parts: OpenWindowedAggregateParts, runtime: Runtime, output: Output): ManyInputs {
  const { node, windows, clock, late, unread } = parts;
  switch (windows.kind) {
    case "sliding":
      return slidingAggregate({ ...parts, windows }, runtime, output);
    case "session":
      return sessionAggregate({ ...parts, windows }, runtime, output);
    case "time":
    case "cumulative":
    case "unlimited": {
      const store = parts.open();
      const slots = slotsOf(windows, node.store.retentionMs);
      return new WindowAggregate({ node, slots, store, clock, late, unread }, runtime, output);
    }
  }
}

function slidingAggregate(
  parts: OpenWindowedAggregateParts & { readonly windows: SlidingWindows },
  runtime: Runtime,
  output: Output,
): ManyInputs {
  const { node, windows } = parts;
  const times = new SlidingTimes(windows, node.store.retentionMs);
  const stores = storesOf(parts, runtime, times);
  return new SlidingAggregate({ ...parts, ...stores, times, differenceMs: windows.differenceMs }, runtime, output);
}

function sessionAggregate(
  parts: OpenWindowedAggregateParts & { readonly windows: SessionWindows },
  runtime: Runtime,
  output: Output,
): ManyInputs {
  const times = new SessionTimes(parts.windows, parts.clock.inclusive, parts.node.store.retentionMs);
  return new SessionAggregate({ ...parts, ...storesOf(parts, runtime, times), times }, runtime, output);
}

interface Kept {
  readonly keptMs: number;
  goneBefore(streamTimeMs: number): number;
}

/** Rows by key and time, and timers where windows are sent when they have closed. */
function storesOf(
  { node, clock }: OpenWindowedAggregateParts,
  { cache }: Runtime,
  times: Kept,
): { store: OrderedStore; timers: TimerQueue | undefined } {
  const { name } = node.store;
  const bucketMs = Math.ceil(times.keptMs / BUCKETS);
  const store = cache.openOrdered(name, { bucketMs, expiredBefore: times.goneBefore(clock.streamTimeMs) });
  const timers = node.emit === "onClose" ? new TimerQueue(cache, cache.open(timersOf(name), "window")) : undefined;
  return { store, timers };
}
