import { expect, test } from "vitest";
import type { TopicConfig } from "../schema/topic-config.ts";
import type { TopicIdentity } from "../schema/rpc/log.ts";
import { TopicCache } from "./topic-cache.ts";

function identity(topic: string, topicId = topic): TopicIdentity {
  return { topic, topicId, partitions: 1, config: {} as TopicConfig };
}

test("it holds no more than its size and forgets the oldest [TOP-6]", () => {
  const cache = new TopicCache(2);
  cache.put(identity("a"));
  cache.put(identity("b"));
  cache.put(identity("a", "a2"));
  cache.put(identity("c"));
  expect([cache.get("a")?.topicId, cache.get("b"), cache.get("c")?.topicId]).toEqual(["a2", undefined, "c"]);
  cache.delete("a");
  expect(cache.get("a")).toBeUndefined();
});
