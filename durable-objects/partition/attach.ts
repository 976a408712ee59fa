import { type Answer, refuse } from "../../schema/error.ts";
import type { Attached, AttachRequest } from "../../schema/rpc/task.ts";
import { layoutOf } from "../core/task/layout.ts";
import type { Plans } from "../plans.ts";
import type { Loaded } from "./loaded.ts";

/**
 * Gives the log a task, starting where the request says; repeated for the same incarnation it changes nothing. A task of
 * an older incarnation of the pipeline stops, unless the new one is a fork: what it has in the outbox is still delivered, its
 * state goes. What the bundle says of its stores and sinks is fixed here, so a deploy that has not come this far is waited
 * for (ENG-33).
 */
export function attach(
  loaded: Loaded,
  request: AttachRequest,
  { nowMs, plans }: { nowMs: number; plans: Plans },
): Answer<Attached> {
  const { log, taskTable, timers, tasks } = loaded;
  const same = tasks.find((task) => task.pipeline === request.pipeline && task.incarnation === request.incarnation);
  if (same !== undefined) {
    const { startOffset, dueTo } = taskTable.all().find(({ id }) => id === same.id) ?? { startOffset: 0, dueTo: 0 };
    return { ok: true, startOffset, endOffset: dueTo };
  }
  const newer = tasks.find((task) => task.pipeline === request.pipeline && task.incarnation > request.incarnation);
  if (newer !== undefined && !newer.muted) {
    return refuse(
      "invalid_request",
      `incarnation ${request.incarnation} of ${request.pipeline} is older than ${newer.incarnation}`,
    );
  }
  const { pipeline, version, input } = request;
  const trigger = plans.get(pipeline, version)?.trigger.kind;
  const plan = plans.task(pipeline, version, input);
  if (trigger === undefined || plan === undefined) {
    return refuse(
      "stale_plan",
      `the code of this partition has no task of ${pipeline} version ${version} on ${input}`,
      {
        hint: "A deploy is under way",
      },
    );
  }
  if (request.muted !== true) loaded.detach(request.pipeline, { before: request.incarnation });
  const startOffset = request.from === "earliest" ? log.logStartOffset : log.logEndOffset;
  const fixed = { sinks: plans.sinks(pipeline, version), layout: layoutOf(plan) };
  const id = taskTable.insert(request, { startOffset, ...fixed });
  // A triggered task with a history to read starts by this timer, one of `availableNow` with all there is.
  const endOffset = trigger === "availableNow" || request.order === "first" ? log.logEndOffset : 0;
  if (endOffset > 0) taskTable.setDueTo(id, endOffset);
  if (request.order === "held") taskTable.setState(id, "paused", undefined);
  else if (endOffset === 0 && trigger !== "manual" && startOffset < log.logEndOffset)
    timers.set(`run:${id}`, nowMs + 1);
  return { ok: true, startOffset, endOffset };
}
