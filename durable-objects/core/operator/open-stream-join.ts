import type { StreamJoinNode } from "../../../schema/plan.ts";
import { joinStores } from "../plan/join-stores.ts";
import type { OrderedStore } from "../store/ordered-store.ts";
import { TimerQueue } from "../store/timer-queue.ts";
import type { OperatorClock } from "./clock.ts";
import { LEFT, RIGHT, type Side } from "./join-pair.ts";
import { JoinSide } from "./join-side.ts";
import { joinTime } from "./join-time.ts";
import { bucketOf } from "./join-windows.ts";
import type { Output, Runtime } from "./operator.ts";
import { StreamJoin } from "./stream-join.ts";
import { UnmatchedRecords } from "./unmatched.ts";

/** The operators of the two inputs of a stream join, its stores opened. There is a clock where there are windows. */
export function openStreamJoin(
  { node, clock }: { readonly node: StreamJoinNode; readonly clock: OperatorClock | undefined },
  runtime: Runtime,
  output: Output,
): readonly [left: JoinSide, right: JoinSide] {
  const { cache } = runtime;
  const time = joinTime(node.windows, clock);
  const stores = joinStores(node);
  const rowsOf = (side: Side): OrderedStore => {
    const bounded =
      node.windows === undefined
        ? { bucketMs: 0 }
        : { bucketMs: bucketOf(node.windows), expiredBefore: time.expiredBefore(side) };
    return cache.openOrdered(stores.rows[side], bounded);
  };
  const unmatchedOf = (side: Side): UnmatchedRecords | undefined => {
    const name = stores.unmatched[side];
    return name === undefined ? undefined : new UnmatchedRecords(new TimerQueue(cache, cache.open(name, "window")));
  };
  const rows = [rowsOf(LEFT), rowsOf(RIGHT)] as const;
  const unmatched = [unmatchedOf(LEFT), unmatchedOf(RIGHT)] as const;
  const join = new StreamJoin({ node, rows, unmatched, time }, runtime, output);
  return [new JoinSide(join, LEFT), new JoinSide(join, RIGHT)];
}
