import { Hono } from "hono";
import type * as z from "zod";
import type { Env } from "../../durable-objects/env.ts";
import { type Answer, refuse } from "../../schema/error.ts";
import type { TopicIdentity } from "../../schema/rpc/log.ts";
import { noQuery } from "../../schema/wire/request/parameter.ts";
import { topicChange, topicCreation, topicDeletionQuery, topicTrim } from "../../schema/wire/request/topic.ts";
import type { TopicDescription, TopicSummary } from "../../schema/wire/answer/topic.ts";
import { answered, json } from "../answer.ts";
import type { Edge } from "../edge.ts";
import { bodyOf, checked, jsonOf, withQuery } from "../input.ts";
import { checkPartition, topicOf } from "../path.ts";
import { problem } from "../refuse.ts";
import { ask, askAll, catalogOf, partitionOf } from "../stubs.ts";
import { topicCache, withTopic } from "../topic-cache.ts";

function summaryOf({ topic, topicId, partitions, config }: TopicIdentity): TopicSummary {
  return { name: topic, topicId, partitions, config };
}

export const topics: Hono<Edge> = new Hono<Edge>();

topics.put(
  "/v1/topics/:topic",
  withQuery(noQuery, async (context) => {
    const body = await bodyOf(context, topicCreation);
    if (!body.ok) return problem(body);
    const answer = await ask(catalogOf(context.env).createTopic({ topic: topicOf(context), ...body.value }));
    return answered(answer, ({ created, identity }) => {
      topicCache.put(identity);
      return json(summaryOf(identity), created ? 201 : 200);
    });
  }),
);

topics.get(
  "/v1/topics",
  withQuery(noQuery, async (context) => {
    const answer = await ask(catalogOf(context.env).topics({}));
    return answered(answer, (value) => json({ topics: value.topics.map(summaryOf) }));
  }),
);

topics.get(
  "/v1/topics/:topic",
  withQuery(noQuery, async (context) => {
    const found = await ask(catalogOf(context.env).topic({ topic: topicOf(context) }));
    if (!found.ok) return problem(found);
    const { identity, heldBy } = found;
    topicCache.put(identity);
    const stubs = Array.from({ length: identity.partitions }, (_, index) => partitionOf(context.env, identity, index));
    const partitions = await askAll(stubs.map((stub) => stub.describe({})));
    return answered(partitions, ({ answers }) => {
      const description: TopicDescription = {
        name: identity.topic,
        topicId: identity.topicId,
        config: identity.config,
        heldBy: [...heldBy],
        partitions: answers.map(({ partition, logStartOffset, logEndOffset, bytes, lastTimestamp }) => {
          return { partition, logStartOffset, logEndOffset, bytes, lastTimestamp };
        }),
      };
      return json(description);
    });
  }),
);

topics.patch(
  "/v1/topics/:topic",
  withQuery(noQuery, async (context) => {
    const body = await jsonOf(context);
    if (!body.ok) return problem(body);
    if (typeof body.value === "object" && body.value !== null && "partitions" in body.value) {
      const hint = "Create a topic of another name and copy the records";
      return problem(
        refuse("partitions_fixed", "the partitions of a topic never change", { hint, field: "partitions" }),
      );
    }
    const change = checked(topicChange, body.value, "field");
    if (!change.ok) return problem(change);
    const answer = await ask(
      catalogOf(context.env).configureTopic({ topic: topicOf(context), config: change.value.config }),
    );
    return answered(answer, ({ identity }) => {
      topicCache.put(identity);
      return json(summaryOf(identity));
    });
  }),
);

topics.post(
  "/v1/topics/:topic/trim",
  withQuery(noQuery, async (context) => {
    const body = await bodyOf(context, topicTrim);
    if (!body.ok) return problem(body);
    const { offsets } = body.value;
    const answer = await withTopic(context.env, topicOf(context), (identity) =>
      trimAll(context.env, identity, offsets),
    );
    return answered(answer, ({ partitions }) => json({ partitions }));
  }),
);

topics.delete(
  "/v1/topics/:topic",
  withQuery(topicDeletionQuery, async (context, query) => {
    const answer = await ask(
      catalogOf(context.env).deleteTopic({ topic: topicOf(context), force: query.force === "true" }),
    );
    return answered(answer, () => {
      topicCache.delete(topicOf(context));
      return new Response(null, { status: 204 });
    });
  }),
);

type Cut = z.infer<typeof topicTrim>["offsets"][number];

/** Asked first, so that an offset beyond an end trims nothing: a log only grows. One that fails half way is asked again (LOG-15). */
async function trimAll(
  env: Env,
  identity: TopicIdentity,
  offsets: readonly Cut[],
): Promise<Answer<{ readonly partitions: { partition: number; logStartOffset: number }[] }>> {
  for (const [index, { partition }] of offsets.entries()) {
    const exists = checkPartition(partition, identity.partitions, `offsets[${index}].partition`);
    if (!exists.ok) return exists;
    if (offsets.findIndex((each) => each.partition === partition) < index)
      return refuse("invalid_request", `partition ${partition} is named twice`, {
        field: `offsets[${index}].partition`,
      });
  }
  const described = await askAll(offsets.map(({ partition }) => partitionOf(env, identity, partition).describe({})));
  if (!described.ok) return described;
  for (const [index, { partition, logStartOffset, logEndOffset }] of described.answers.entries()) {
    const offset = offsets[index]?.offset;
    if (offset === undefined || offset <= logEndOffset) continue;
    return refuse(
      "offset_out_of_range",
      `offset ${offset} is beyond the end ${logEndOffset} of partition ${partition}`,
      {
        hint: `Nothing was trimmed. Trim this partition up to ${logEndOffset}`,
        field: `offsets[${index}].offset`,
        extra: { logStartOffset, logEndOffset },
      },
    );
  }
  const trimmed = await askAll(
    offsets.map(({ partition, offset }) => partitionOf(env, identity, partition).trim({ offset })),
  );
  if (!trimmed.ok) return trimmed;
  const partitions = trimmed.answers.map(({ logStartOffset }, index) => ({
    partition: offsets[index]?.partition ?? 0,
    logStartOffset,
  }));
  return { ok: true, partitions };
}
