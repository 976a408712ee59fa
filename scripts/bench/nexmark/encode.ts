import type { NexmarkEvent } from "./queries/event.ts";

/** An event as the record that it becomes. */
export interface EncodedEvent {
  readonly kind: NexmarkEvent["type"];
  readonly key: string;
  /** With its `type`. */
  readonly text: string;
  readonly timestampMs: number;
}

export function encoded(event: NexmarkEvent): EncodedEvent {
  const key = String(event.type === "bid" ? event.auction : event.id);
  return { kind: event.type, key, text: JSON.stringify(event), timestampMs: event.dateTime };
}
