import type { PartitionDescription } from "../schema/rpc.ts";
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

  /** Rejects with `topic_in_use` while a pipeline reads or writes it, unless forced. */
  async delete(topic: string, options: { readonly force?: boolean | undefined } = {}): Promise<void> {
    const query = { force: options.force === true ? true : undefined };
    await this.#transport.json({ method: "DELETE", path: ["topics", topic], query, doneWhen: "unknown_topic" });
  }
}
