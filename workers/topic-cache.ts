import type { Env } from "../durable-objects/env.ts";
import type { Answer } from "../schema/error.ts";
import type { TopicIdentity } from "../schema/rpc/log.ts";
import { ask, catalogOf } from "./stubs.ts";

const MAX_TOPICS = 1_000;

/**
 * Identities by name, for the life of the isolate. Id and partition count of a topic never change; a topic that was deleted
 * answers `unknown_topic` itself. `config` may be old: only the partition knows it.
 */
export class TopicCache {
  readonly #identities = new Map<string, TopicIdentity>();
  readonly #size: number;

  constructor(size: number = MAX_TOPICS) {
    this.#size = size;
  }

  get(topic: string): TopicIdentity | undefined {
    return this.#identities.get(topic);
  }

  /** Forgets the topic that was put first when there is no room. */
  put(identity: TopicIdentity): void {
    this.#identities.delete(identity.topic);
    const oldest = this.#identities.size < this.#size ? undefined : this.#identities.keys().next().value;
    if (oldest !== undefined) this.#identities.delete(oldest);
    this.#identities.set(identity.topic, identity);
  }

  delete(topic: string): void {
    this.#identities.delete(topic);
  }
}

export const topicCache: TopicCache = new TopicCache();

/** Asks the Catalog, whatever the cache holds. */
export async function freshTopic(env: Env, topic: string): Promise<Answer<{ readonly identity: TopicIdentity }>> {
  const answer = await ask(catalogOf(env).topic({ topic }));
  if (answer.ok) topicCache.put(answer.identity);
  else topicCache.delete(topic);
  return answer;
}

/**
 * Runs `work` with the topic's identity. When a cached one turns out to be gone (`unknown_topic`), once more with the
 * Catalog's (TOP-6): `work` must have changed nothing when it answers that.
 */
export async function withTopic<T extends object>(
  env: Env,
  topic: string,
  work: (identity: TopicIdentity) => Promise<Answer<T>>,
): Promise<Answer<T>> {
  const cached = topicCache.get(topic);
  if (cached !== undefined) {
    const answer = await work(cached);
    if (answer.ok || answer.code !== "unknown_topic") return answer;
  }
  const fresh = await freshTopic(env, topic);
  return fresh.ok ? work(fresh.identity) : fresh;
}
