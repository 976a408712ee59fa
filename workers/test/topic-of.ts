import { expect } from "vitest";
import { call, type Target } from "./http.ts";
import { uniqueName } from "./names.ts";

export interface TopicSettings {
  readonly partitions?: number | undefined;
  readonly config?: object | undefined;
}

/** A new topic; answers its name. */
export async function newTopic(target: Target, settings: TopicSettings = {}): Promise<string> {
  const topic = uniqueName("conformance");
  const reply = await call(target, `PUT /v1/topics/${topic}`, { body: settings });
  expect(reply).toMatchObject({ status: 201 });
  return topic;
}
