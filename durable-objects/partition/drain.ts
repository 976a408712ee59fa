import { type Answer, refuse } from "../../schema/error.ts";
import type { DrainRequest } from "../../schema/rpc/task.ts";
import type { Pending } from "../sqlite/outbox-queue.ts";
import type { Deliveries } from "./deliveries.ts";
import type { Loaded } from "./loaded.ts";
import type { AttachedTask } from "./attached-task.ts";
import { noTask } from "./refusals.ts";
import type { Shell } from "./shell.ts";
import type { TaskRunner } from "./task-runner.ts";

interface Parts {
  readonly shell: Shell;
  readonly runner: TaskRunner;
  readonly deliveries: Deliveries;
}

/**
 * Runs what is in the log now whatever the trigger, closes files, and answers when all it caused has been delivered
 * (ENG-9). It does not close windows.
 */
export async function drain({ shell, runner, deliveries }: Parts, request: DrainRequest): Promise<Answer> {
  const deadlineMs = shell.now() + request.timeoutMs;
  const asked = taskOf(shell.loaded, request);
  if (!asked.ok) return asked;
  const end = request.to ?? shell.loaded?.log.logEndOffset ?? 0;
  asked.task.dueTo = Math.max(asked.task.dueTo, end);
  runner.kick();
  const stopped = (): boolean => !taskOf(shell.loaded, request).ok;
  const read = await shell.changed.until(() => stopped() || isThrough(shell, request, end), deadlineMs - shell.now());
  const after = taskOf(shell.loaded, request);
  if (!after.ok) return after;
  if (!read) return late(`its position is ${after.task.position}, the end was ${end}`, after.task);

  const { task } = after;
  const within = request.within === true;
  const pending = shell.loaded?.outbox.pending(task.id) ?? [];
  const waiting = within ? pending.filter(({ target }) => target.startsWith("topic:__")) : pending;
  const left = (): Pending[] => waiting.filter((pending) => stillWaits(shell.loaded, pending));
  deliveries.forgetPauses(task);
  while (left().length > 0) {
    // Again each time: while a file is on its way, what came for the same path waits for the next one.
    if (!within) shell.write((loaded) => deliveries.closeFiles(loaded, task));
    deliveries.kick();
    const leftMs = deadlineMs - shell.now();
    if (leftMs <= 0 || !(await shell.changed.wait(leftMs))) {
      return late(deliveries.errorOf(task) ?? `rows for ${left()[0]?.target} are not delivered`, task);
    }
  }
  return { ok: true };
}

/** Rows up to `last` of a target are still in the outbox. */
export function stillWaits(loaded: Loaded | undefined, { task, target, last }: Pending): boolean {
  const pending = loaded?.outbox.pendingOf(task, target);
  return pending !== undefined && pending.first <= last;
}

/** It has read so far, and run again what it was given again. */
function isThrough({ loaded }: Shell, { pipeline, incarnation }: Asked, end: number): boolean {
  const task = loaded?.taskOf(pipeline, incarnation);
  return task !== undefined && task.position >= Math.min(end, task.stopAt) && loaded?.redrives.pending(task.id) === 0;
}

interface Asked {
  readonly pipeline: string;
  readonly incarnation?: number | undefined;
}

function taskOf(loaded: Loaded | undefined, { pipeline, incarnation }: Asked): Answer<{ readonly task: AttachedTask }> {
  const task = loaded?.taskOf(pipeline, incarnation);
  if (task === undefined) return noTask(pipeline);
  if (task.runnable) return { ok: true, task };
  const why = task.error === undefined ? task.state : `${task.state}: ${task.error}`;
  return refuse("pipeline_paused", `task ${task.name} of ${pipeline} is ${why}`, {
    hint: "Resume the pipeline, then drain",
  });
}

function late(detail: string, task: AttachedTask): Answer {
  return refuse("timed_out", `task ${task.name} of ${task.pipeline} is not drained: ${detail}`, {
    hint: "Call again with a longer timeoutMs",
  });
}
