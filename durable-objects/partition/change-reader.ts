import { type Answer, refuse } from "../../schema/error.ts";
import type { ChangesAnswer, ChangesRequest } from "../../schema/rpc/store.ts";
import { follow } from "../core/subscribe/follow.ts";
import type { AttachedTask } from "./attached-task.ts";
import { notOpen } from "./refusals.ts";
import type { Shell } from "./shell.ts";
import { reflects, showing, viewIn } from "./store-reader.ts";
import type { Subscription } from "./subscriptions.ts";

/** What a follower of a store gets next; where that is nothing, it is waited for. */
export async function readChanges(shell: Shell, request: ChangesRequest): Promise<Answer<ChangesAnswer>> {
  const { pipeline, store: name } = request;
  const deadlineMs = shell.now() + request.waitMs;
  for (let { cursor } = request; ;) {
    subscribe(shell, request);
    const { loaded } = shell;
    if (loaded === undefined) return notOpen();
    const task = loaded.taskOf(pipeline);
    if (task === undefined) {
      // Between two incarnations: the next one begins soon.
      const begun = (): boolean => shell.loaded?.taskOf(pipeline) !== undefined;
      if (await shell.changed.until(begun, deadlineMs - shell.now())) continue;
      return refuse("overloaded", `pipeline ${pipeline} has no task on this partition yet`);
    }
    const found = viewIn(task, name);
    if (!found.ok) return found;
    const { incarnation, position } = task;
    const { ring, beganMs } = subscriptionOf(task, name);
    const answer = showing(found.store, (): Answer<ChangesAnswer> => {
      const step = follow({ view: found.view, ring, incarnation, beganMs, position }, { ...request, cursor });
      return { ok: true, ...reflects(loaded, task), ...step };
    });
    if (!answer.ok || !nothing(answer)) return answer;
    ({ cursor } = answer);
    const moved = (): boolean => shell.loaded?.taskOf(pipeline) !== task || ring.head > answer.cursor.seq;
    if (!(await shell.changed.until(moved, deadlineMs - shell.now()))) return answer;
  }
}

/** From the first follower on the store's changes are kept, for as long as somebody comes again. */
function subscribe(shell: Shell, { pipeline, store }: ChangesRequest): void {
  const task = shell.loaded?.taskOf(pipeline);
  if (task === undefined || !viewIn(task, store).ok) return;
  const { subscriptions } = task;
  const known = subscriptions.get(store);
  const nowMs = shell.now();
  if (known === undefined) {
    shell.write(() => subscriptions.begin(store, nowMs));
    // The task's code is made anew, with a store that tells what changes.
    shell.reload();
  } else if (subscriptions.stale(known, nowMs)) shell.write(() => subscriptions.renew(known, nowMs));
}

function subscriptionOf({ subscriptions }: AttachedTask, store: string): Subscription {
  const subscription = subscriptions.get(store);
  if (subscription === undefined) throw new Error(`nothing is kept of store ${store}`);
  return subscription;
}

function nothing({ reset, changes, rows, ready, cursor }: ChangesAnswer): boolean {
  return !reset && changes.length === 0 && rows.length === 0 && !ready && cursor.taking === undefined;
}
