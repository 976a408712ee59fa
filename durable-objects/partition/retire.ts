import type { Answer } from "../../schema/error.ts";
import type { RetireRequest } from "../../schema/rpc/task.ts";
import { isOf } from "./loaded.ts";
import { notOpen } from "./refusals.ts";
import type { Deliveries } from "./deliveries.ts";
import type { Shell } from "./shell.ts";

/** Ends the pipeline's tasks of older incarnations, or of one, and waits for their outbox (ENG-11). `goOn` starts deliveries. */
export async function retire(
  { shell, deliveries, goOn }: { shell: Shell; deliveries: Deliveries; goOn: () => void },
  { pipeline, waitMs, drop = false, ...which }: RetireRequest,
): Promise<Answer<{ readonly left: readonly string[] }>> {
  if (shell.loaded === undefined) return notOpen();
  shell.write((loaded) => {
    const ending = loaded.tasks.filter((task) => task.pipeline === pipeline && isOf(task.incarnation, which));
    if (drop) for (const task of ending) loaded.dropOutputs(task);
    loaded.detach(pipeline, which);
  });
  shell.changed.notify();
  goOn();
  const left = (): string[] => {
    const tasks = shell.loaded?.tasks ?? [];
    const waiting = tasks.filter((task) => task.pipeline === pipeline && isOf(task.incarnation, which));
    return [
      ...waiting.flatMap(({ id }) => shell.loaded?.outbox.pending(id).map(({ target }) => target) ?? []),
      ...deliveries.onTheWay(pipeline, which),
    ];
  };
  await shell.changed.until(() => left().length === 0, waitMs);
  return { ok: true, left: [...new Set(left())] };
}
