import { delayMs } from "./backoff.ts";
import { sleep } from "./clock.ts";
import { EventParser, type StreamEvent } from "./event-stream.ts";
import type { StoreRow } from "./store.ts";
import { StreamError } from "./stream-error.ts";
import type { Transport } from "./transport.ts";

/** A connection on which nothing has come for so long, ms, not even word that there is nothing, is made anew. */
const SILENT_MS = 45_000;

/** A row that has changed, or, `removed`, that has gone. */
export type StoreChange = StoreRow | (Omit<StoreRow, "value"> & { readonly removed: true });

interface ChangesOf {
  readonly topic: string;
  readonly partition: number;
  /** What has been told so far reflects every record of this partition of the store's input below it. */
  readonly offset: number;
  /** Give it as `cursor` to go on behind this event. */
  readonly cursor: string;
}

/** A page of a partition's rows. `reset`: what has been told of the partition before is void. `ready`: this was the last page. */
export interface StoreSnapshot extends ChangesOf {
  readonly type: "snapshot";
  readonly reset: boolean;
  readonly ready: boolean;
  readonly rows: readonly StoreRow[];
}

/** What one or more transactions of a partition have changed, in their order. */
export interface StoreChanges extends ChangesOf {
  readonly type: "changes";
  readonly changes: readonly StoreChange[];
}

export type StoreEvent = StoreSnapshot | StoreChanges;

export interface FollowOptions {
  /** Only the rows of this key. */
  readonly key?: string | undefined;
  /** Only this partition; with `key`, where the key's records were placed otherwise than by it. */
  readonly partition?: number | undefined;
  /** Behind an earlier event, instead of with a snapshot. */
  readonly cursor?: string | undefined;
  /** Ends the loop quietly. */
  readonly signal?: AbortSignal | undefined;
}

/** The events of a store, over connections that are made anew, behind the last event, whenever they end. */
export async function* followStore(
  transport: Transport,
  path: readonly string[],
  { signal, cursor: from, ...query }: FollowOptions,
): AsyncGenerator<StoreEvent, void, undefined> {
  let cursor = from;
  for (let failures = 0; ;) {
    try {
      for await (const event of eventsOf(transport, { path, query, cursor, signal })) {
        failures = 0;
        yield event;
        ({ cursor } = event);
      }
    } catch (error) {
      if (signal?.aborted === true) return;
      const last = failures + 1 >= transport.retry.attempts;
      if (!(error instanceof StreamError) || !error.retriable || last) throw error;
      failures++;
    }
    if (signal?.aborted === true) return;
    try {
      await sleep(
        transport.clock,
        delayMs(transport.retry, transport.clock, { failures, retryAfterMs: undefined }),
        signal,
      );
    } catch {
      return;
    }
  }
}

interface Connection {
  readonly path: readonly string[];
  readonly query: Omit<FollowOptions, "cursor" | "signal">;
  readonly cursor: string | undefined;
  readonly signal: AbortSignal | undefined;
}

async function* eventsOf(
  transport: Transport,
  { path, query, cursor, signal }: Connection,
): AsyncGenerator<StoreEvent, void, undefined> {
  const headers = { accept: "text/event-stream", ...(cursor === undefined ? {} : { "last-event-id": cursor }) };
  const parser = new EventParser(cursor);
  for await (const text of transport.texts({ method: "GET", path, query, headers, signal }, SILENT_MS)) {
    yield* parser.push(text).map(eventOf);
  }
}

/** An event without an id of its own has that before it: from there both come again. */
function eventOf({ type, data, id = "" }: StreamEvent): StoreEvent {
  return { type, cursor: id, ...(JSON.parse(data) as object) } as StoreEvent;
}
