import type { PartitionDescription } from "../schema/rpc/log.ts";
import type { TopicConfig } from "../schema/topic-config.ts";
import type { Transport } from "./transport.ts";

export interface TopicSummary {
  readonly name: string;
  readonly topicId: string;
  /** Number of partitions; it never changes. */
  readonly partitions: number;
  readonly config: TopicConfig;
}

export interface TopicDescription {
  readonly name: string;
  /** New for every creation: a topic created again under a name is another topic. */
  readonly topicId: string;
  readonly config: TopicConfig;
  /** Pipelines that read or write it. */
  readonly heldBy: readonly string[];
  readonly partitions: readonly PartitionDescription[];
}

/** `client.topics`. */
export class Topics {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * Resolves when every partition is open. `created` is false where the topic was there already with these settings;
   * with other settings it rejects with `topic_exists`. Settings left out get the server's defaults.
   *
   * @example
   * ```ts
   * import { Millrace } from "../sdk/index.ts";
   *
   * const client = new Millrace({ url: "http://127.0.0.1:8787" });
   * const day = 24 * 3_600_000;
   * const { created } = await client.topics.create("orders", { partitions: 4, config: { retentionMs: 30 * day } });
   * console.log(created ? "new" : "as it was");
   * ```
   */
  async create(
    topic: string,
    settings: { readonly partitions?: number | undefined; readonly config?: Partial<TopicConfig> | undefined } = {},
  ): Promise<{ readonly created: boolean }> {
    const { status } = await this.#transport.jsonWithStatus({ method: "PUT", path: ["topics", topic], body: settings });
    return { created: status === 201 };
  }

  async list(): Promise<readonly TopicSummary[]> {
    const answer = await this.#transport.json<{ topics: readonly TopicSummary[] }>({ method: "GET", path: ["topics"] });
    return answer.topics;
  }

  get(topic: string): Promise<TopicDescription> {
    return this.#transport.json({ method: "GET", path: ["topics", topic] });
  }

  /** Changes the settings named and leaves the others. */
  async configure(topic: string, config: Partial<TopicConfig>): Promise<void> {
    await this.#transport.json({ method: "PATCH", path: ["topics", topic], body: { config } });
  }

  /**
   * Removes the records before an offset of each partition named, and resolves to where these partitions start. Pipelines are
   * not waited for: what one of them had not read counts as `skippedRecords` of its task. An offset before the start changes
   * nothing. Rejects with `offset_out_of_range`, and has trimmed nothing, where one lies
   * beyond the end.
   *
   * @example
   * ```ts
   * import { Millrace } from "../sdk/index.ts";
   *
   * const client = new Millrace({ url: "http://127.0.0.1:8787" });
   * const [{ logStartOffset } = { logStartOffset: 0 }] = await client.topics.trim("orders", [{ partition: 0, offset: 17 }]);
   * console.log(`orders/0 starts at ${logStartOffset}`);
   * ```
   */
  async trim(
    topic: string,
    offsets: readonly { readonly partition: number; readonly offset: number }[],
  ): Promise<readonly { readonly partition: number; readonly logStartOffset: number }[]> {
    const answer = await this.#transport.json<{
      partitions: readonly { readonly partition: number; readonly logStartOffset: number }[];
    }>({ method: "POST", path: ["topics", topic, "trim"], body: { offsets } });
    return answer.partitions;
  }

  /** Rejects with `topic_in_use` while a pipeline reads or writes it, unless forced. */
  async delete(topic: string, options: { readonly force?: boolean | undefined } = {}): Promise<void> {
    const query = { force: options.force === true ? true : undefined };
    await this.#transport.json({ method: "DELETE", path: ["topics", topic], query, doneWhen: "unknown_topic" });
  }
}
