import type { Answer } from "../../schema/error.ts";
import type { ReadAnswer, ReadRequest } from "../../schema/rpc/log.ts";
import { joinBytes } from "../bytes.ts";
import { decompress } from "../gzip.ts";
import { notOpen } from "./refusals.ts";
import type { Loaded } from "./loaded.ts";
import type { Shell } from "./shell.ts";

/** Stored batches from an offset or a time on; at the end of the log it waits for the next append (LOG-10). */
export async function read(shell: Shell, request: ReadRequest): Promise<Answer<ReadAnswer>> {
  const { loaded } = shell;
  if (loaded === undefined) return notOpen();
  const start = startOf(loaded, request.from);
  const inside = loaded.log.checkOffset(start);
  if (!inside.ok) return inside;
  if (start === loaded.log.logEndOffset && request.waitMs > 0) {
    await shell.changed.until(
      () => shell.loaded === undefined || shell.loaded.log.logEndOffset > start,
      request.waitMs,
    );
  }
  return shell.loaded === undefined ? notOpen() : answer(shell.loaded, start, request);
}

function answer({ log }: Loaded, startOffset: number, limits: ReadRequest): Answer<ReadAnswer> {
  // Retention may have passed the offset while the read waited.
  const inside = log.checkOffset(startOffset);
  if (!inside.ok) return inside;
  const { logStartOffset, logEndOffset } = log;
  const batches = joinBytes(log.read(startOffset, limits).bodies);
  return { ok: true, batches, startOffset, logStartOffset, logEndOffset };
}

function startOf({ log }: Loaded, from: ReadRequest["from"]): number {
  if (from === "earliest") return log.logStartOffset;
  if (from === "latest") return log.logEndOffset;
  return "offset" in from ? from.offset : log.offsetForTimestamp(from.timestampMs, decompress);
}
