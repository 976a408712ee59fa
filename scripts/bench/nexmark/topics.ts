import type { Pipeline } from "../../../sdk/streams/index.ts";
import type { EncodedEvent } from "./encode.ts";
import type { SourceName } from "./queries/query.ts";

export interface SourceRecord {
  readonly key: string;
  readonly text: string;
  readonly timestampMs: number;
}

const KINDS: { readonly [name in Exclude<SourceName, "events">]: EncodedEvent["kind"] } = {
  persons: "person",
  auctions: "auction",
  bids: "bid",
};

/** Topics that a pipeline reads. */
export function sourcesOf({ plan }: Pipeline): readonly string[] {
  return plan.nodes.flatMap((node) => (node.kind === "source" ? [node.topic] : []));
}

/** What a topic gets of these events: by the last part of its name all of them, or those of one kind without their type. */
export function* recordsFor(topic: string, events: Iterable<EncodedEvent>): Generator<SourceRecord> {
  const name = topic.slice(topic.lastIndexOf("-") + 1) as SourceName;
  if (name === "events") return yield* events;
  const kind = KINDS[name];
  const typed = `{"type":"${kind}",`;
  for (const event of events) {
    if (event.kind !== kind) continue;
    yield { key: event.key, text: `{${event.text.slice(typed.length)}`, timestampMs: event.timestampMs };
  }
}
