import type { Answer } from "../../schema/error.ts";
import type { RetireRequest } from "../../schema/rpc.ts";
import { notOpen } from "./refusals.ts";
import type { Deliveries } from "./deliveries.ts";
import type { Shell } from "./shell.ts";

/** Ends the pipeline's tasks of older incarnations and waits for their outbox (ENG-11). `goOn` starts deliveries. */
export async function retire(
  { shell, deliveries, goOn }: { shell: Shell; deliveries: Deliveries; goOn: () => void },
  { pipeline, before, waitMs, drop = false }: RetireRequest,
): Promise<Answer<{ readonly left: readonly string[] }>> {
  if (shell.loaded === undefined) return notOpen();
  shell.write((loaded) => {
    const ending = loaded.tasks.filter((task) => task.pipeline === pipeline && task.incarnation < before);
    if (drop) for (const task of ending) loaded.dropOutputs(task);
    loaded.detach(pipeline, before);
  });
  shell.changed.notify();
  goOn();
  const left = (): string[] => {
    const waiting = shell.loaded?.tasks.filter((task) => task.pipeline === pipeline && task.incarnation < before) ?? [];
    return [
      ...waiting.flatMap(({ id }) => shell.loaded?.outbox.pending(id).map(({ target }) => target) ?? []),
      ...deliveries.onTheWay(pipeline, before),
    ];
  };
  await shell.changed.until(() => left().length === 0, waitMs);
  return { ok: true, left: [...new Set(left())] };
}
