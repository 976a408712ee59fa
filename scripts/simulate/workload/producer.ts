import { errors } from "../../../schema/error.ts";
import { partitionForKey } from "../../../schema/murmur2.ts";
import { encodeBatch } from "../../../schema/record-batch/encode.ts";
import type { Bytes } from "../../../schema/record.ts";
import type { World } from "../world.ts";
import type { PlannedProducer, PlannedRecord } from "./plan.ts";

const encoder = new TextEncoder();
/** Kafka's, once a first batch is acknowledged; before that one flies alone (SDK-22). */
const IN_FLIGHT = 3;
const AGAIN_MS = 400;
/** Then the same batch is sent again, though the first may still arrive. */
const PATIENCE_MS = 8_000;

/** A batch that was acknowledged, as it was sent. */
export interface Acknowledged {
  readonly partition: number;
  readonly body: Bytes;
  /** -1 where the partition does not remember it. */
  readonly baseOffset: number;
}

interface Topic {
  readonly topicId: string;
  readonly partitions: number;
}

/** An idempotent producer: it sends the same batch under the same sequence until it is acknowledged. */
export class SimulatedProducer {
  readonly id: number;
  readonly topic: string;
  /** In the order of their sequences, by partition. */
  readonly acknowledged = new Map<number, Acknowledged[]>();
  readonly #plan: PlannedProducer;
  readonly #world: World;
  readonly #startMs: number;

  constructor(plan: PlannedProducer, world: World, startMs: number) {
    this.id = plan.id;
    this.topic = plan.topic;
    this.#plan = plan;
    this.#world = world;
    this.#startMs = startMs;
  }

  /** Resolves when everything is acknowledged. */
  async run(topic: Topic): Promise<void> {
    const lanes = Array.from(
      { length: topic.partitions },
      (_, partition) => new Lane(this.#world, this.id, { ...topic, partition }),
    );
    const ends: Promise<void>[] = [];
    for (const { pauseMs, records } of this.#plan.batches) {
      if (pauseMs > 0) await this.#world.pause(pauseMs);
      for (const [partition, some] of this.#placed(records, topic.partitions)) {
        const lane = lanes[partition];
        if (lane !== undefined) ends.push(lane.send(some.map((record) => this.#encodable(record))));
      }
    }
    await Promise.all(ends);
    for (const [partition, lane] of lanes.entries()) this.acknowledged.set(partition, lane.acknowledged);
  }

  #placed(records: readonly PlannedRecord[], partitions: number): Map<number, PlannedRecord[]> {
    const placed = new Map<number, PlannedRecord[]>();
    for (const record of records) {
      const partition = partitionForKey(encoder.encode(record.key ?? ""), partitions);
      placed.set(partition, [...(placed.get(partition) ?? []), record]);
    }
    return placed;
  }

  #encodable({ key, value, atMs }: PlannedRecord): Encodable {
    const text = value === null ? null : JSON.stringify(value);
    return { key, value: text, timestampMs: this.#startMs + atMs, headers: [] };
  }
}

type Encodable = Parameters<typeof encodeBatch>[0][number];

/** What goes to one partition: batches under sequences without gaps, several under way at once. */
class Lane {
  readonly acknowledged: Acknowledged[] = [];
  readonly #world: World;
  readonly #producerId: number;
  readonly #at: { readonly topicId: string; readonly partition: number };
  #sequence = 0;
  #count = 0;
  #known = false;
  #flying = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(world: World, producerId: number, at: { topicId: string; partition: number }) {
    this.#world = world;
    this.#producerId = producerId;
    this.#at = at;
  }

  async send(records: readonly Encodable[]): Promise<void> {
    const producer = { producerId: this.#producerId, producerEpoch: 0, baseSequence: this.#sequence };
    const body = encodeBatch(records, producer);
    this.#sequence += records.length;
    const place = this.#count++;
    while (this.#flying >= (this.#known ? IN_FLIGHT : 1)) await new Promise<void>((wake) => this.#waiting.push(wake));
    this.#flying++;
    const baseOffset = await this.#deliver(body);
    this.#flying--;
    this.#known = true;
    this.acknowledged[place] = { partition: this.#at.partition, body, baseOffset };
    for (const wake of this.#waiting.splice(0)) wake();
  }

  async #deliver(batch: Bytes): Promise<number> {
    for (;;) {
      const stub = this.#world.partition(this.#at.topicId, this.#at.partition);
      const answer = await this.#world.within(PATIENCE_MS, stub.append({ batch, largestRecordBytes: 200 }));
      if (answer?.ok === true) return answer.baseOffset;
      if (answer !== undefined && !(answer.retriable ?? errors[answer.code].retriable))
        throw new Error(`producer ${this.#producerId} was refused: ${answer.code}: ${answer.message}`);
      await this.#world.pause(AGAIN_MS);
    }
  }
}
