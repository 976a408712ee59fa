import type { Env } from "../../durable-objects/env.ts";
import { checkBatch } from "../../schema/check-batch.ts";
import type { Refusal } from "../../schema/error.ts";
import { readHeader } from "../../schema/record-batch/decode.ts";
import type { AppendRequest, TopicIdentity } from "../../schema/rpc/log.ts";
import type { TopicConfig } from "../../schema/topic-config.ts";
import { freshTopic } from "../topic-cache.ts";

export type Appends = ReadonlyMap<number, AppendRequest>;

function violation(config: TopicConfig, appends: Appends, nowMs: number): Refusal | undefined {
  for (const { batch, largestRecordBytes } of appends.values()) {
    const refusal = checkBatch(config, { largestRecordBytes, maxTimestampMs: readHeader(batch).maxTimestamp }, nowMs);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/**
 * Each partition checks its own records. Where several are touched, one that refuses would leave the request half stored, so
 * what the topic's settings forbid is refused before any is asked (PRO-8). The identity's config may be old: only what the
 * Catalog confirms is refused.
 */
export async function checkSettings(
  env: Env,
  { topic, config }: TopicIdentity,
  { appends, nowMs }: { readonly appends: Appends; readonly nowMs: number },
): Promise<Refusal | undefined> {
  if (appends.size < 2 || violation(config, appends, nowMs) === undefined) return undefined;
  const fresh = await freshTopic(env, topic);
  return fresh.ok ? violation(fresh.identity.config, appends, nowMs) : fresh;
}
