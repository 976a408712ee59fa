import type { Env } from "../durable-objects/env.ts";
import type { Answer } from "../schema/error.ts";
import { CHANGE_FEED_READS, CHANGE_FEED_WAIT_MS, MAX_PAGE } from "../schema/limits.ts";
import type { ChangesAnswer, ChangesCursor } from "../schema/rpc/store.ts";
import type { ChangeParameters } from "../schema/wire/request/store.ts";
import { type ChangePositions, readChangeCursor, writeChangeCursor } from "./change-cursor.ts";
import { eventText, firstEvent } from "./change-events.ts";
import { changeFeed, type FeedEvent } from "./change-feed.ts";
import { checkPartition } from "./path.ts";
import { foreignCursor } from "./store-cursor.ts";
import type { FoundStore } from "./store-path.ts";
import { partitionOfKey } from "./store-read.ts";
import { ask, partitionOf } from "./stubs.ts";

export interface Following extends FoundStore {
  readonly env: Env;
  readonly parameters: ChangeParameters;
  /** What the client has had before. */
  readonly lastEventId: string | undefined;
}

/**
 * The changes of a store, or of one key of it, as an event stream; from the beginning, or from an event on (SUB-1, SUB-3).
 * What is refused first is refused; a later refusal ends the stream, and the client comes again from where it is.
 */
export async function followStore(
  following: Following,
): Promise<Answer<{ readonly stream: ReadableStream<Uint8Array> }>> {
  const partitions = partitionsOf(following);
  const exists = checkPartition(partitions[0] ?? 0, following.input.partitions);
  if (!exists.ok) return exists;
  const from = positionsOf(following, partitions);
  if (!from.ok) return from;
  const feed = changeFeed({
    partitions,
    from: from.positions,
    maxReads: CHANGE_FEED_READS,
    read: (partition, { cursor, first }) => {
      return changesOf(following, partition, { cursor, waitMs: first ? 0 : CHANGE_FEED_WAIT_MS });
    },
  });
  const first = await feed.next();
  if (first.done !== true && first.value.kind === "refused") return first.value.refusal;
  const { store } = following;
  const name = nameOf(following);
  const bytesOf = (event: FeedEvent): Uint8Array | undefined =>
    event.kind === "refused" ? undefined : eventText(event.answer, writeChangeCursor(name, event.positions), store);
  return { ok: true, stream: streamOf(first, feed, bytesOf) };
}

function streamOf(
  first: IteratorResult<FeedEvent, void>,
  feed: AsyncGenerator<FeedEvent, void>,
  bytesOf: (event: FeedEvent) => Uint8Array | undefined,
): ReadableStream<Uint8Array> {
  let next: Promise<IteratorResult<FeedEvent, void>> | undefined = Promise.resolve(first);
  return new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(firstEvent()),
    async pull(controller) {
      const { value, done } = await (next ?? feed.next());
      next = undefined;
      const chunk = done === true ? undefined : bytesOf(value);
      if (chunk === undefined) controller.close();
      else controller.enqueue(chunk);
    },
    // What is being waited for is not waited for any longer; it ends by itself.
    cancel: () => void feed.return(),
  });
}

function positionsOf(
  following: Following,
  partitions: readonly number[],
): Answer<{ readonly positions: ChangePositions }> {
  const { parameters, lastEventId = parameters.cursor } = following;
  if (lastEventId === undefined || lastEventId === "") return { ok: true, positions: new Map() };
  const from = readChangeCursor(nameOf(following), lastEventId);
  if (!from.ok) return from;
  return [...from.positions.keys()].every((partition) => partitions.includes(partition)) ? from : foreignCursor();
}

function changesOf(
  { env, input, pipeline, store, parameters: { key } }: Following,
  partition: number,
  how: { readonly cursor: ChangesCursor | undefined; readonly waitMs: number },
): Promise<Answer<ChangesAnswer>> {
  const request = { pipeline: pipeline.name, store: store.name, key, limit: MAX_PAGE, ...how };
  return ask(partitionOf(env, input, partition).changes(request));
}

function partitionsOf({ input, parameters }: Following): readonly number[] {
  const { key, partition } = parameters;
  if (key !== undefined) return [partitionOfKey({ input, parameters }, key)];
  if (partition !== undefined) return [partition];
  return Array.from({ length: input.partitions }, (_, index) => index);
}

function nameOf({ pipeline, store, parameters: { key } }: Following): string {
  return ["changes", pipeline.name, store.name, ...(key === undefined ? [] : [key])].join("/");
}
