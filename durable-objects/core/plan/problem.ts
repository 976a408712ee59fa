import { refuse, type Refusal } from "../../../schema/error.ts";
import { TOPIC_NAME_PATTERN } from "../../../schema/limits.ts";

/** What one check finds. */
export type Problem = Refusal | undefined;

export function invalid(field: string, message: string, hint: string): Refusal {
  return refuse("invalid_request", message, { field, hint });
}

export function topicProblem(field: string, topic: string): Problem {
  if (TOPIC_NAME_PATTERN.test(topic) && !topic.startsWith("__")) return undefined;
  return invalid(
    field,
    `"${topic}" is not a topic name`,
    `Use 1 to 200 of the characters a-z A-Z 0-9 . _ - and no leading "__".`,
  );
}
