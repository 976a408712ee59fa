import type { MiddlewareHandler } from "hono";
import { refuse, type Answer } from "../schema/error.ts";
import { isInternal } from "../schema/internal-topic.ts";
import { MAX_PARTITIONS, TOPIC_NAME_PATTERN } from "../schema/limits.ts";
import type { Edge, EdgeContext } from "./edge.ts";
import { problem } from "./refuse.ts";

/** Stands before every route below a topic (TOP-1), so handlers may rely on the name. */
export const checkTopicName: MiddlewareHandler<Edge> = async (context, next) => {
  const topic = context.req.param("topic") ?? "";
  if (!TOPIC_NAME_PATTERN.test(topic)) {
    const hint = "A name has 1 to 200 of the characters a-z, A-Z, 0-9, dot, underscore and hyphen";
    return problem(refuse("invalid_request", `"${topic.slice(0, 220)}" is not a topic name`, { hint, field: "topic" }));
  }
  if (isInternal(topic)) {
    return problem(refuse("invalid_request", "topic names that begin with __ are internal", { field: "topic" }));
  }
  return next();
};

export function topicOf(context: EdgeContext): string {
  return context.req.param("topic") ?? "";
}

/** The number in the path; whether the topic has that partition is checked where the topic is known. */
export function partitionNumberOf(context: EdgeContext): Answer<{ readonly partition: number }> {
  const text = context.req.param("partition") ?? "";
  if (/^\d{1,9}$/.test(text)) return { ok: true, partition: Number(text) };
  const hint = `Partitions are numbered from 0, at most to ${MAX_PARTITIONS - 1}`;
  return refuse("unknown_partition", `"${text.slice(0, 40)}" is not a partition`, { hint, field: "partition" });
}

/** `field` says where the request names the partition. */
export function checkPartition(partition: number, partitions: number, field = "partition"): Answer {
  if (partition < partitions) return { ok: true };
  const message = `partition ${partition} does not exist: the topic has ${partitions}`;
  return refuse("unknown_partition", message, { hint: `Take one from 0 to ${partitions - 1}`, field });
}
