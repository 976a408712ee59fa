import type { Answer } from "../../schema/error.ts";
import type { RetireRequest } from "../../schema/rpc.ts";
import { notOpen } from "./refusals.ts";
import type { Shell } from "./shell.ts";

/** Ends the pipeline's tasks of older incarnations and waits for their outbox (ENG-11). `goOn` starts deliveries. */
export async function retire(
  shell: Shell,
  { pipeline, before, waitMs }: RetireRequest,
  goOn: () => void,
): Promise<Answer<{ readonly left: readonly string[] }>> {
  if (shell.loaded === undefined) return notOpen();
  shell.write((loaded) => loaded.detach(pipeline, before));
  shell.changed.notify();
  goOn();
  const left = (): string[] => {
    const ended = shell.loaded?.tasks.filter((task) => task.pipeline === pipeline && task.incarnation < before) ?? [];
    return ended.flatMap((task) => shell.loaded?.outbox.pending(task.id).map(({ target }) => target) ?? []);
  };
  await shell.changed.until(() => left().length === 0, waitMs);
  return { ok: true, left: [...new Set(left())] };
}
