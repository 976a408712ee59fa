import { type Answer, refuse, type Refusal } from "../../schema/error.ts";
import type { TopicIdentity } from "../../schema/rpc/log.ts";
import { defaultConfig, type TopicConfig } from "../../schema/topic-config.ts";
import type { Env } from "../env.ts";
import { onEveryPartition } from "./partitions.ts";
import type { TopicRow, TopicTable } from "./topic-table.ts";

interface Settings {
  readonly topic: string;
  readonly partitions: number;
  readonly config: Partial<TopicConfig>;
}

/** Topics and their partitions. A step that was interrupted is finished by the same call again, or by the next reconcile. */
export class Topics {
  readonly table: TopicTable;
  readonly #namespace: Env["PARTITION"];

  constructor(table: TopicTable, namespace: Env["PARTITION"]) {
    this.table = table;
    this.#namespace = namespace;
  }

  async create(settings: Settings): Promise<Answer<{ readonly created: boolean; readonly identity: TopicIdentity }>> {
    const config = { ...defaultConfig, ...settings.config };
    const known = this.table.get(settings.topic);
    if (known?.status === "deleting") return beingDeleted(settings.topic);
    if (known !== undefined && !sameSettings(known, settings.partitions, config)) {
      return refuse(
        "topic_exists",
        `topic ${settings.topic} exists with ${known.partitions} partitions and config ${JSON.stringify(known.config)}`,
        {
          hint: "Change its config with PATCH; the number of partitions is fixed",
        },
      );
    }
    const row = known ?? this.table.create(settings.topic, { partitions: settings.partitions, config });
    if (row.status === "open") return { ok: true, created: false, identity: identityOf(row) };
    const opened = await this.#open(row);
    return opened.ok ? { ok: true, created: true, identity: identityOf(row) } : opened;
  }

  async #open(row: TopicRow): Promise<Answer> {
    const { topic, topicId, config } = row;
    const opened = await onEveryPartition(this.#namespace, row, (stub, partition) =>
      stub.open({ topic, topicId, partition, config }),
    );
    // Meanwhile it may have been deleted: only what is still being created becomes open.
    if (opened.ok && this.table.get(topic)?.status === "creating") this.table.setStatus(topic, "open");
    return opened;
  }

  async configure(topic: string, change: Partial<TopicConfig>): Promise<Answer<{ readonly identity: TopicIdentity }>> {
    const row = this.table.open(topic);
    if (row === undefined) return unknownTopic(topic);
    const config = { ...row.config, ...change };
    const configured = await onEveryPartition(this.#namespace, row, (stub) => stub.configure({ config }));
    if (!configured.ok) return configured;
    this.table.setConfig(topic, config);
    return { ok: true, identity: identityOf({ ...row, config }) };
  }

  /** After it nothing of the topic is readable and the name is free; the partitions go on erasing by themselves. */
  async delete(topic: string): Promise<Answer> {
    const row = this.table.get(topic);
    if (row === undefined) return unknownTopic(topic);
    this.table.setStatus(topic, "deleting");
    const erased = await onEveryPartition(this.#namespace, row, (stub) => stub.erase({}));
    if (!erased.ok) return erased;
    if (this.table.get(topic)?.topicId === row.topicId) this.table.remove(topic);
    return { ok: true };
  }

  async finishInterrupted(): Promise<void> {
    for (const row of this.table.all()) {
      if (row.status === "creating") await this.#open(row);
      else if (row.status === "deleting") await this.delete(row.topic);
    }
  }
}

export function identityOf({ topic, topicId, partitions, config }: TopicRow): TopicIdentity {
  return { topic, topicId, partitions, config };
}

export function unknownTopic(topic: string): Refusal {
  return refuse("unknown_topic", `there is no topic ${topic}`, { hint: `Create it with PUT /v1/topics/${topic}` });
}

function beingDeleted(topic: string): Refusal {
  return refuse("overloaded", `topic ${topic} is being deleted`, { hint: "Try again in a moment" });
}

function sameSettings(row: TopicRow, partitions: number, config: TopicConfig): boolean {
  const names = Object.keys(config) as (keyof TopicConfig)[];
  return row.partitions === partitions && names.every((name) => row.config[name] === config[name]);
}
