import { askSenders, findLetters, type LetterFilter, letterToRedrive } from "../../workers/dead-letters.ts";
import type { World } from "./world.ts";

const PATIENCE_MS = 60_000;
const AGAIN_MS = 500;
const PAGE = 50;

/** As `POST /v1/pipelines/{name}/redrive` does, again and again until every page of it has been answered. */
export async function redriveLetters(world: World, name: string, filter: LetterFilter = {}): Promise<void> {
  let cursor: string | undefined;
  for (let done = false; !done;) {
    const page = await world.within(PATIENCE_MS, redrivePage(world, name, { ...filter, cursor }));
    if (page === undefined) await world.pause(AGAIN_MS);
    else ({ cursor } = page);
    done = page !== undefined && cursor === undefined;
  }
}

/** Throws where a call does not come through. */
async function redrivePage(
  { env, catalog }: World,
  name: string,
  filter: LetterFilter,
): Promise<{ readonly cursor: string | undefined }> {
  const known = await catalog.pipeline({ name });
  if (!known.ok) throw new Error(known.message);
  const { pipeline } = known;
  const found = await findLetters(env, pipeline, { filter, limit: PAGE });
  if (!found.ok) throw new Error(found.message);
  const call: Parameters<typeof askSenders>[2]["call"] = (stub, own, incarnation) =>
    stub.redrive({ pipeline: name, incarnation, letters: own.map(letterToRedrive), starts: found.starts });
  const asked = await askSenders(env, pipeline, { found: found.letters, call });
  if (!asked.ok) throw new Error(asked.message);
  return { cursor: found.cursor };
}
