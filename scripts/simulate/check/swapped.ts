import { isInternal } from "../../../schema/internal-topic.ts";
import { incarnations, rememberAll } from "../inspect.ts";
import type { World } from "../world.ts";

/** A fork that took over sends from where the version before it has ended, in every partition of users' topics (SIM-12). */
export function checkSwapped(world: World): string[] {
  const live = incarnations(world);
  return rememberAll(world)
    .filter(({ row }) => !isInternal(row.topic))
    .flatMap(({ name, ledger }) => {
      const tasks = ledger.tasks();
      return tasks.flatMap((task) => {
        const { from, behind } = task.heard;
        const forked = behind > 0 || from > 0;
        if (!forked || from === Infinity || task.incarnation !== live.get(task.pipeline)) return [];
        // A fork that was abandoned has never been heard.
        const former = tasks.findLast(
          (each) =>
            each.pipeline === task.pipeline && each.incarnation < task.incarnation && each.heard.from < Infinity,
        );
        if (former === undefined || former.position === from) return [];
        return [`${name}: ${task.pipeline} ended at ${former.position}, and what took over sends from ${from} on`];
      });
    });
}
