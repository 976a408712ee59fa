import { count, megabytes, partitionCount, table } from "../markdown.ts";
import { SEED } from "./generator.ts";
import { WARM_SHARE } from "./measure.ts";
import type { NexmarkFigures } from "./run.ts";

/** Markdown. */
export function nexmarkReport({ events, queries }: NexmarkFigures): string {
  const head = [
    "Nexmark, events/s",
    "append and process",
    "process alone",
    "engine at most",
    "rows per million events",
    "CPU s per million events",
  ];
  const rows = queries.map(({ query, partitions, both, alone, memory, ...each }) => [
    `${query}, ${partitionCount(partitions)}`,
    count(both),
    count(alone),
    megabytes(memory.node + memory.workerd),
    count(each.rowsPerMillion),
    each.cpuSecondsPerMillion.toFixed(1),
  ]);
  return [
    ...table(head, rows),
    "",
    `One run of each Nexmark query over ${count(events)} events of seed ${SEED}, each in an engine that begins empty; counted are the`,
    `events that a query reads, bids alone or all. The first ${WARM_SHARE * 100} % of them warm the engine up. Timed are the rest, until the`,
    "last result lies in its topic: from the first event sent by the SDK, which shares the cores with the engine, and from when",
    "the pipeline goes on where all events were stored before. Results are read back untimed: every one equals that of the",
    "same SQL in SQLite over the same events. Rows are those that the tasks write, state, outbox and their own, and CPU is the",
    "engine's; both of processing alone.",
  ].join("\n");
}

/** With the markers that let it be replaced alone. */
export function nexmarkBlock(figures: NexmarkFigures): string {
  return `<!-- nexmark -->\n\n${nexmarkReport(figures)}\n\n<!-- /nexmark -->`;
}
