import {
  type Pipeline,
  pipeline,
  type PipelineBuilder,
  type PlanKey,
  type Stream,
  type Trigger,
} from "../../../../sdk/streams/index.ts";
import type { Auction, Bid, NexmarkEvent, Person } from "./event.ts";

/**
 * What a query may read: all events in their order in one topic, with their `type`, or those of one kind. A join reads
 * `events`: its sides then come in order, and where both have the auction's id as key, they are in one partition.
 * Keys are the ids of persons and auctions, and for a bid the id of its auction.
 */
export interface Sources {
  readonly events: () => Stream<NexmarkEvent>;
  readonly persons: () => Stream<Person>;
  readonly auctions: () => Stream<Auction>;
  readonly bids: () => Stream<Bid>;
}

/** Names of the topics that a query may read, after its own name. */
export type SourceName = keyof Sources;

/** What a pipeline sends: a row by its columns, several rows, or none. */
type Sent = object | readonly object[] | null;

/**
 * A query over the tables `person`, `auction` and `bid`, each with its fields as columns and `seq`, the place of the event
 * in the order of all.
 *
 * Its rows are what it says of all events when no more come, in no order. They are final, also those of windows that no
 * event has closed: a pipeline sends windows on update, or in micro-batches. Of what it sends
 * `every` counts each record, which is right where nothing is ever taken back, and
 * `last` counts the last value of each key, null for none.
 */
export interface Query {
  readonly name: string;
  readonly sql: string;
  readonly rows: "every" | "last";
  readonly pipeline: Pipeline;
}

export interface QueryDefinition extends Pick<Query, "sql" | "rows"> {
  readonly define: (sources: Sources) => Stream<Sent, PlanKey>;
  /** Per event unless given. */
  readonly trigger?: Trigger;
}

/** The pipeline is `nexmark-<name>`, which is also its output topic; it reads `nexmark-<name>-bids` and the like. */
export function query(name: string, { sql, rows, define, trigger }: QueryDefinition): Query {
  const output = `nexmark-${name}`;
  const made = pipeline(output, (builder) => define(sourcesOf(builder, output)).to(output));
  return { name, sql, rows, pipeline: trigger === undefined ? made : made.trigger(trigger) };
}

function sourcesOf({ stream }: PipelineBuilder, prefix: string): Sources {
  return {
    events: () => stream<NexmarkEvent>(`${prefix}-events`),
    persons: () => stream<Person>(`${prefix}-persons`),
    auctions: () => stream<Auction>(`${prefix}-auctions`),
    bids: () => stream<Bid>(`${prefix}-bids`),
  };
}
