import { type Resident } from "../engine-watch.ts";
import { count, megabytes } from "../markdown.ts";
import type { Stage } from "../stage.ts";
import { Feed } from "./feed.ts";
import { measurePass, type QueryRun, sentOf } from "./measure.ts";
import type { NexmarkOptions } from "./options.ts";
import { sourcesOf } from "./topics.ts";

export interface QueryFigures {
  readonly query: string;
  readonly partitions: number;
  /** Events a second, of those that the query reads: sent and processed, and processed alone. */
  readonly both: number;
  readonly alone: number;
  /** The engine at most. */
  readonly memory: Resident;
  /** By tasks, over stored events. */
  readonly rowsPerMillion: number;
  /** Processor time of the engine for a million stored events. */
  readonly cpuSecondsPerMillion: number;
}

export interface NexmarkFigures {
  /** Of all kinds. */
  readonly events: number;
  readonly queries: readonly QueryFigures[];
}

/** One engine after another. `say` gets a line for each query. */
export async function measureNexmark(
  stage: Stage,
  { queries, events, partitions: counts }: NexmarkOptions,
  say: (line: string) => void,
): Promise<NexmarkFigures> {
  const feed = new Feed(events);
  const figures: QueryFigures[] = [];
  for (const query of queries) {
    const records = new Map(sourcesOf(query.pipeline).map((topic) => [topic, feed.recordsFor(topic)]));
    const answer = feed.answer(query);
    for (const partitions of counts) {
      const measured = await measureQuery(stage, { query, partitions, records, answer });
      const { node, workerd } = measured.memory;
      const cpu = `${measured.cpuSecondsPerMillion.toFixed(1)} CPU s per million`;
      const rate = `${count(measured.alone)} events/s alone, ${cpu}, engine at most ${megabytes(node + workerd)}`;
      say(`${query.name}, partitions: ${partitions}: as SQLite says, ${rate}`);
      figures.push(measured);
    }
  }
  return { events, queries: figures };
}

async function measureQuery(stage: Stage, run: QueryRun): Promise<QueryFigures> {
  const live = await measurePass(stage, run, "live");
  const stored = await measurePass(stage, run, "stored");
  const size = ({ node, workerd }: Resident): number => node + workerd;
  return {
    query: run.query.name,
    partitions: run.partitions,
    both: live.rate,
    alone: stored.rate,
    memory: size(live.memory) > size(stored.memory) ? live.memory : stored.memory,
    rowsPerMillion: (stored.rowsWritten / sentOf(run)) * 1_000_000,
    cpuSecondsPerMillion: stored.cpuSecondsPerMillion,
  };
}
