import { MAX_WINDOW_MS } from "../../schema/limits.ts";
import type { StreamJoinNode } from "../../schema/plan.ts";
import type { JoinWindows, TimeWindows } from "../../schema/windows.ts";
import { type Duration, durationMs, quietMs } from "./duration.ts";
import { type KeyValueStoreOptions, storeOf } from "./store.ts";

/**
 * Which records of two streams match by their times: those of the right that are at most `before` earlier and at most
 * `after` later than the left one, ends included.
 *
 * `grace` has no default: it is how far a record may be behind the largest time seen in either stream (in its partition)
 * and still find its matches. A record of a left or outer join that matches none comes out when that time has passed its
 * window by more than the grace.
 *
 * @example
 * import { joinWindows, pipeline } from "../sdk/streams/index.ts";
 *
 * pipeline("paid-in-time", ({ stream }) =>
 *   stream<{ amount: number }>("orders")
 *     .join(
 *       stream<{ paid: number }>("payments"),
 *       (order, payment) => ({ ...order, ...payment }),
 *       joinWindows({ before: 0, after: "1 hour", grace: "5 minutes" }),
 *     )
 *     .to("paid-orders"),
 * );
 */
export function joinWindows(options: {
  readonly before: Duration;
  readonly after: Duration;
  readonly grace: Duration;
}): JoinWindows {
  const beforeMs = durationMs(options.before);
  const afterMs = durationMs(options.after);
  const graceMs = durationMs(options.grace);
  if (beforeMs + afterMs > MAX_WINDOW_MS || graceMs > MAX_WINDOW_MS) {
    throw new Error(
      "Records match over more than 366 days, or that is their grace. Join without windows: unbounded().",
    );
  }
  return { kind: "join", beforeMs, afterMs, graceMs };
}

/**
 * Records match that are at most this time apart, ends included. `grace` as in `joinWindows`.
 *
 * @example
 * import { pipeline, within } from "../sdk/streams/index.ts";
 *
 * pipeline("clicked", ({ stream }) =>
 *   stream<{ page: string }>("views")
 *     .leftJoin(
 *       stream<{ link: string }>("clicks"),
 *       (view, click) => ({ page: view.page, link: click?.link ?? null }),
 *       within("10 minutes", { grace: "1 minute" }),
 *     )
 *     .to("views-with-clicks"),
 * );
 */
export function within(time: Duration, options: { readonly grace: Duration }): JoinWindows {
  return joinWindows({ before: time, after: time, grace: options.grace });
}

/**
 * Made by `unbounded()`.
 *
 * @example
 * import { type JoinWindows, type Unbounded, unbounded } from "../sdk/streams/index.ts";
 *
 * const windows: JoinWindows | Unbounded = unbounded();
 */
export interface Unbounded {
  readonly kind: "unbounded";
}

/**
 * Records match whatever their times are: every record of both streams is kept for ever. Of inner and semi joins only,
 * since nothing ever comes to be unmatched. Bound what matches with `where`, and prefer windows where a time bounds it.
 *
 * @example
 * import { pipeline, unbounded } from "../sdk/streams/index.ts";
 *
 * interface Auction { readonly seller: string; readonly expires: number }
 * interface Bid { readonly price: number; readonly time: number }
 *
 * pipeline("bids-in-time", ({ stream }) =>
 *   stream<Bid>("bids")
 *     .join(stream<Auction>("auctions"), (bid, auction) => ({ seller: auction.seller, price: bid.price }), {
 *       windows: unbounded(),
 *       where: (bid, auction) => bid.time <= auction.expires,
 *     })
 *     .to("bids-with-sellers"),
 * );
 */
export function unbounded(): Unbounded {
  return { kind: "unbounded" };
}

/** Records match that are so far apart, or in one window of those that tumble (Flink, Spark). */
export type Bounded = JoinWindows | TimeWindows;

/**
 * How two streams are joined, where there is more to say than the windows. `where` makes a pair match only if it is true,
 * besides key and time. The store is not read over HTTP; name it to change the pipeline while it keeps its state.
 *
 * @example
 * import { type StreamJoinOptions, within } from "../sdk/streams/index.ts";
 *
 * const options: StreamJoinOptions<{ price: number }, { limit: number }> = {
 *   windows: within("1 day", { grace: 0 }),
 *   where: (order, account) => order.price <= account.limit,
 * };
 */
export interface StreamJoinOptions<Left, Right> extends KeyValueStoreOptions {
  readonly windows: Bounded | Unbounded;
  readonly where?: ((left: Left, right: Right, key: string) => boolean) | undefined;
}

/**
 * How an inner join of two streams is made. With `once` a record of the left stream comes out with the first one that it
 * matches, and is then let go of: say so where the right stream has one record for each key, as an auction for its bids,
 * and state is that of the left records still waiting for it.
 *
 * @example
 * import { pipeline, unbounded } from "../sdk/streams/index.ts";
 *
 * pipeline("bids-with-sellers", ({ stream }) =>
 *   stream<{ price: number }>("bids")
 *     .join(stream<{ seller: string }>("auctions"), ({ price }, { seller }) => ({ seller, price }), {
 *       windows: unbounded(),
 *       once: true,
 *     })
 *     .to("bids-with-sellers"),
 * );
 */
export interface InnerJoinOptions<Left, Right> extends StreamJoinOptions<Left, Right> {
  readonly once?: boolean | undefined;
}

/**
 * How a left, right or outer join of two streams is made. `unmatched` says when a record that matches none comes out:
 * `"onClose"`, which it is unless told, once, when nothing in time can match it any more, and then it matches nothing;
 * `"eager"` at once, with its matches to follow, as Kafka Streams before 3.1 and ksqlDB without GRACE PERIOD; `"kafka"` as
 * Kafka Streams since: on close, but a record out of order is alone at once when the time has passed its window, inside
 * the grace too, and late records may match one that came out alone.
 *
 * `closeWhenIdle`: when nothing has come for so long, event time goes on at the pace of the clock, so that what is
 * unmatched comes out; after a minute unless told, with `"eager"` and `"kafka"` never. See `onClose`.
 *
 * @example
 * import { type OuterJoinOptions, within } from "../sdk/streams/index.ts";
 *
 * const options: OuterJoinOptions<{ price: number }, { limit: number }> = {
 *   windows: within("1 day", { grace: "1 hour" }),
 *   unmatched: "eager",
 * };
 */
export interface OuterJoinOptions<Left, Right> extends StreamJoinOptions<Left, Right> {
  readonly windows: Bounded;
  readonly unmatched?: StreamJoinNode["unmatched"] | undefined;
  readonly closeWhenIdle?: Duration | "never" | undefined;
}

export function joinOptions<Options extends { readonly windows: Bounded | Unbounded }>(
  how: Bounded | Unbounded | Options,
): Options | { readonly windows: Bounded | Unbounded } {
  return "windows" in how ? how : { windows: how };
}

/** The same with the streams the other way round. */
export function mirroredOptions<Left, Right>(
  how: Bounded | OuterJoinOptions<Left, Right>,
): OuterJoinOptions<Right, Left> {
  const options: OuterJoinOptions<Left, Right> = "windows" in how ? how : { windows: how };
  const { where, windows } = options;
  return {
    ...options,
    windows: windows.kind === "time" ? windows : { ...windows, beforeMs: windows.afterMs, afterMs: windows.beforeMs },
    where: where && ((right, left, key) => where(left, right, key)),
  };
}

/** A function of the same arity and result, whatever its parameters are: a node does not know the types of its values. */
export type Typed<F extends (...given: never[]) => unknown> = (
  ...given: { [At in keyof Parameters<F>]: never }
) => ReturnType<F>;

/** A join of values of any types, as a node takes it. */
export interface GivenJoin extends KeyValueStoreOptions {
  readonly join: StreamJoinNode["join"];
  readonly windows: Bounded | Unbounded;
  readonly joiner?: Typed<NonNullable<StreamJoinNode["joiner"]>> | undefined;
  readonly where?: Typed<NonNullable<StreamJoinNode["where"]>> | undefined;
  readonly unmatched?: StreamJoinNode["unmatched"] | undefined;
  readonly closeWhenIdle?: Duration | "never" | undefined;
  readonly once?: boolean | undefined;
}

export function streamJoinOf(
  { join, windows, joiner, where, unmatched = "onClose", closeWhenIdle, once, store }: GivenJoin,
  nodeName: string,
): Omit<StreamJoinNode, "name" | "inputs"> {
  if (windows.kind === "time" && windows.advanceMs !== windows.sizeMs) {
    throw new Error("A record is in several hopping windows. Join in tumbling ones, or say how far apart: within(…).");
  }
  return {
    kind: "streamJoin",
    join,
    store: storeOf({ store }, nodeName),
    windows: windows.kind === "unbounded" ? undefined : windows,
    joiner: joiner as StreamJoinNode["joiner"],
    where: where as StreamJoinNode["where"],
    unmatched,
    closeWhenIdleMs: closeWhenIdle === undefined ? undefined : quietMs(closeWhenIdle),
    ...(once === true ? { once } : {}),
  };
}
