import { partitionForKey } from "../../../schema/murmur2.ts";
import type { InternalSinkNode } from "../plan/task-plan.ts";
import { internalValue } from "../operator/internal-value.ts";
import type { Operator } from "../operator/operator.ts";
import type { StreamRecord } from "../operator/stream-record.ts";
import type { Outbox } from "./outbox.ts";
import { InternalTarget } from "./internal-target.ts";

const encoder = new TextEncoder();

export interface InternalSinkParts {
  readonly node: InternalSinkNode;
  readonly partitions: number;
  /** This task among those that write the topic. */
  readonly upstream: number;
  /** How far what the task sends to the topic has come: read when a batch is closed at the end of a slice. */
  readonly progressMs: () => number;
  readonly outbox: Outbox;
}

/** Sends records to another task of the pipeline, each placed by its key as text (ENG-21). */
export class InternalSink implements Operator {
  readonly name: string;
  readonly #parts: InternalSinkParts;
  readonly #targets: readonly string[];

  constructor(parts: InternalSinkParts) {
    this.name = parts.node.name;
    this.#parts = parts;
    const { topic } = parts.node;
    this.#targets = Array.from({ length: parts.partitions }, (_, partition) => `topic:${topic}/${partition}`);
  }

  process(record: StreamRecord): void {
    const { node, outbox, upstream, progressMs } = this.#parts;
    const { headers } = record.origin.record;
    const key = textOf(record);
    const keyBytes = key === null ? null : record.origin.keyBytes(key);
    const item = { key: keyBytes, value: internalValue(record, node), timestampMs: record.timestampMs, headers };
    const make = (target: string): InternalTarget => new InternalTarget(target, { upstream, progressMs });
    if (node.broadcast) for (const target of this.#targets) outbox.put(target, item, make);
    else outbox.put(this.#targets[this.#partition(record, keyBytes)] as string, item, make);
  }

  #partition({ origin }: StreamRecord, key: Uint8Array | null): number {
    const placing = key ?? encoder.encode(`${origin.topic}/${origin.partition}/${origin.record.offset}`);
    return partitionForKey(placing, this.#targets.length);
  }
}

function textOf({ key }: StreamRecord): string | null {
  return key === null || typeof key === "string" ? key : key.key;
}
