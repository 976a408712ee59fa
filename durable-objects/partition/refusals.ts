import { refuse, type Refusal } from "../../schema/error.ts";

export function notOpen(): Refusal {
  return refuse("unknown_topic", "there is no such topic, or it was deleted", {
    hint: "Create it with PUT /v1/topics/{topic}",
  });
}

export function noTask(pipeline: string): Refusal {
  return refuse("not_found", `pipeline ${pipeline} has no task on this partition`, {
    hint: "GET /v1/pipelines says which topics it reads, and whether it has started",
  });
}
