import { CATALOG_NAME, type Env } from "../durable-objects/env.ts";
import { refuse, type Answer } from "../schema/error.ts";
import type { CatalogRpc } from "../schema/rpc/catalog.ts";
import { partitionName, type TopicIdentity } from "../schema/rpc/log.ts";
import type { PartitionRpc } from "../schema/rpc/partition.ts";

/** A fresh stub for every call: one that has thrown throws the same error for ever. */
export function partitionOf(env: Env, { topicId }: Pick<TopicIdentity, "topicId">, partition: number): PartitionRpc {
  return env.PARTITION.getByName(partitionName(topicId, partition)) as unknown as PartitionRpc;
}

export function catalogOf(env: Env): CatalogRpc {
  return env.CATALOG.getByName(CATALOG_NAME) as unknown as CatalogRpc;
}

/** What the runtime puts on errors of Durable Objects: developers.cloudflare.com/durable-objects/best-practices/error-handling. */
interface RemoteError {
  readonly message?: unknown;
  readonly retryable?: unknown;
  readonly overloaded?: unknown;
  readonly durableObjectReset?: unknown;
}

/** During a deploy an old object may meet a new Worker, which calls what it does not have yet. */
const MISSING_METHOD = /does not implement the method/;

/** Never throws: an object that is busy, moving or being replaced is `overloaded`, a bug inside it is `internal`. */
export async function ask<T extends object>(call: Promise<Answer<T>>): Promise<Answer<T>> {
  try {
    return await call;
  } catch (error) {
    const { message, retryable, overloaded, durableObjectReset } = (error ?? {}) as RemoteError;
    const moving = retryable === true || durableObjectReset === true || MISSING_METHOD.test(String(message));
    if (overloaded === true || moving) return refuse("overloaded", "the partition's object is busy or being moved");
    console.error(error);
    return refuse("internal", "the request failed inside the server");
  }
}

/** All answers, or the first refusal among them. */
export async function askAll<T extends object>(
  calls: readonly Promise<Answer<T>>[],
): Promise<Answer<{ readonly answers: readonly T[] }>> {
  const answers: T[] = [];
  for (const answer of await Promise.all(calls.map((call) => ask(call)))) {
    if (!answer.ok) return answer;
    answers.push(answer);
  }
  return { ok: true, answers };
}
