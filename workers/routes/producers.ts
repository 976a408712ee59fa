import { Hono } from "hono";
import { noQuery } from "../../schema/wire/request/parameter.ts";
import { answered, json } from "../answer.ts";
import type { Edge } from "../edge.ts";
import { withoutBody, withQuery } from "../input.ts";
import { topicOf } from "../path.ts";
import { ask, askAll, catalogOf, partitionOf } from "../stubs.ts";
import { withTopic } from "../topic-cache.ts";

export const producers: Hono<Edge> = new Hono<Edge>();

producers.post(
  "/v1/producers",
  withoutBody(noQuery, async (context) => {
    const answer = await ask(catalogOf(context.env).allocateProducer({}));
    return answered(answer, ({ producerId, producerEpoch }) => json({ producerId, producerEpoch }));
  }),
);

producers.get(
  "/v1/topics/:topic/producers/:producer",
  withQuery(noQuery, async (context) => {
    const producerId = context.req.param("producer") ?? "";
    const answer = await withTopic(context.env, topicOf(context), (identity) => {
      const partitions = Array.from({ length: identity.partitions }, (_, index) =>
        partitionOf(context.env, identity, index).producer({ producerId }),
      );
      return askAll(partitions);
    });
    return answered(answer, ({ answers }) => {
      const partitions = answers.flatMap(({ position }, partition) => {
        return position === null ? [] : [{ partition, epoch: position.epoch, lastSequence: position.lastSequence }];
      });
      return json({ partitions });
    });
  }),
);
