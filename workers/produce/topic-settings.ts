import type { Env } from "../../durable-objects/env.ts";
import { refuse, type Refusal } from "../../schema/error.ts";
import { readHeader } from "../../schema/record-batch/decode.ts";
import type { AppendRequest, TopicIdentity } from "../../schema/rpc.ts";
import type { TopicConfig } from "../../schema/topic-config.ts";
import { freshTopic } from "../topic-cache.ts";

export type Appends = ReadonlyMap<number, AppendRequest>;

function violation(config: TopicConfig, appends: Appends, nowMs: number): Refusal | undefined {
  for (const { batch, largestRecordBytes } of appends.values()) {
    if (largestRecordBytes > config.maxRecordBytes) {
      const message = `a record of ${largestRecordBytes} bytes is above the topic's maxRecordBytes of ${config.maxRecordBytes}`;
      return refuse("record_too_large", message, { hint: "Send smaller records or raise maxRecordBytes of the topic" });
    }
    const { maxTimestamp } = readHeader(batch);
    if (config.timestampType === "CreateTime" && maxTimestamp > nowMs + config.timestampAheadMs) {
      const message = `timestamp ${maxTimestamp} is more than ${config.timestampAheadMs} ms ahead of the clock`;
      const hint = "Send milliseconds since epoch, or raise timestampAheadMs of the topic";
      return refuse("invalid_timestamp", message, { hint });
    }
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
