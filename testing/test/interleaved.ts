import type { OutboxRow } from "../../durable-objects/core/task/task-port.ts";
import { partitionForKey } from "../../schema/murmur2.ts";
import type { Plan } from "../../schema/plan.ts";
import { bytesOf, keyBytesOf } from "../test-codec.ts";
import type { TestRecord } from "../test-record.ts";
import { TestLookups } from "../test-lookups.ts";
import type { TestPartition } from "../test-partition.ts";
import { TestTasks } from "../test-tasks.ts";

const TOPIC = "topic:";

/** Runs the tasks of a plan in any order that deliveries may have: what one task sends another arrives in its order, some time. */
export class Interleaved {
  readonly #tasks: TestTasks;
  /** By sender and target. */
  readonly #underWay = new Map<string, OutboxRow[]>();

  constructor(plan: Plan, partitions: number) {
    this.#tasks = new TestTasks(plan, { partitions, lookups: new TestLookups(plan, {}) });
  }

  append(topic: string, { key = null, value, timestampMs = 0 }: TestRecord): void {
    const bytes = keyBytesOf(key);
    const partitions = this.#tasks.partitionsOf(topic);
    const at = bytes === null ? 0 : partitionForKey(bytes, partitions.length);
    partitions[at]?.append([{ key: bytes, value: bytesOf(value, "json"), timestampMs, headers: [] }], 0);
  }

  /** One step of those that could come next; `pick` chooses. Answers whether there was one. */
  step(pick: (choices: number) => number): boolean {
    const choices = [...this.#runs(), ...this.#deliveries()];
    choices[pick(choices.length)]?.();
    return choices.length > 0;
  }

  rows(node: string, store: string): ReadonlyMap<string, unknown> {
    const rows = this.#tasks.partitionsWith(node).flatMap((each) => each.store.scan(store, undefined, 1_000));
    return new Map(rows.map(({ key, value }) => [key, JSON.parse(value) as unknown]));
  }

  #runs(): (() => void)[] {
    const waiting = this.#tasks.partitions.filter((partition) => partition.waiting > 0);
    return waiting.map((partition) => () => this.#run(partition));
  }

  #run(partition: TestPartition): void {
    const sender = this.#tasks.partitions.indexOf(partition);
    for (const row of partition.run(0)) {
      const way = `${sender} ${row.target}`;
      this.#underWay.set(way, [...(this.#underWay.get(way) ?? []), row]);
    }
    partition.crash();
  }

  #deliveries(): (() => void)[] {
    return [...this.#underWay].flatMap(([way, [first, ...rest]]) => {
      if (first === undefined) return [];
      return () => {
        this.#underWay.set(way, rest);
        this.#deliver(first);
      };
    });
  }

  #deliver({ target, body }: OutboxRow): void {
    const slash = target.lastIndexOf("/");
    const topic = target.slice(TOPIC.length, slash);
    this.#tasks.partitionsOf(topic)[Number(target.slice(slash + 1))]?.deliver(body, 0);
  }
}
