import { records } from "./records.ts";
import { clientOf, type Stage } from "./stage.ts";
import { median } from "./statistics.ts";

export interface RestartFigures {
  readonly stored: number;
  /** ms from the start of the process to "ready". */
  readonly readyMs: number;
  /** … and until the last record stored has been read and another one appended. */
  readonly usableMs: number;
}

const TOPIC = "restart";

/** After `kill -9`. */
export async function measureRestart(
  stage: Stage,
  { count, runs }: { readonly count: number; readonly runs: number },
): Promise<RestartFigures> {
  const first = stage.start("platform", TOPIC);
  const client = await clientOf(first);
  await client.topics.create(TOPIC);
  await client.producer().sendAll(TOPIC, records({ count, bytes: 100, keys: 1_000 }));
  await first.kill();
  const ready: number[] = [];
  const usable: number[] = [];
  for (let run = 0; run < runs; run++) {
    const startMs = performance.now();
    const engine = stage.start("platform", TOPIC);
    await engine.ready;
    ready.push(performance.now() - startMs);
    await readLastAndAppend(await clientOf(engine));
    usable.push(performance.now() - startMs);
    await engine.kill();
  }
  return { stored: count, readyMs: median(ready), usableMs: median(usable) };
}

async function readLastAndAppend(client: Awaited<ReturnType<typeof clientOf>>): Promise<void> {
  const { partitions } = await client.topics.get(TOPIC);
  const end = partitions[0]?.logEndOffset ?? 0;
  let last = -1;
  for await (const { offset } of client.reader(TOPIC, 0, { from: { offset: end - 1 }, stopAtEnd: true })) last = offset;
  const { offset } = await client.producer({ lingerMs: 0 }).send(TOPIC, { key: "a", value: 1 });
  if (last !== end - 1 || offset !== end)
    throw new Error(`read ${last} and appended at ${offset}; the log ended at ${end}`);
}
