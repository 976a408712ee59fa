import type { AggregateFigures } from "./aggregate.ts";
import type { AppendFigures } from "./append.ts";
import type { CatchUpFigures } from "./catch-up.ts";
import type { LatencyFigures, Percentiles } from "./latency.ts";
import { count, megabytes, partitionCount, setting, table } from "./markdown.ts";
import type { Resident } from "./engine-watch.ts";
import { nexmarkBlock } from "./nexmark/report.ts";
import type { NexmarkFigures } from "./nexmark/run.ts";
import type { RestartFigures } from "./restart.ts";

export interface Figures {
  readonly append: readonly AppendFigures[];
  readonly latency: readonly LatencyFigures[];
  readonly catchUp: CatchUpFigures;
  readonly aggregate: readonly AggregateFigures[];
  readonly restart: RestartFigures;
  /** At most. */
  readonly memory: Resident;
  readonly nexmark: NexmarkFigures;
}

/** Markdown. */
export function report(
  figures: Figures,
  { command, runs }: { readonly command: string; readonly runs: number },
): string {
  return [
    `${setting(command)}; medians of ${runs} runs that take turns.`,
    "",
    ...appendTable(figures.append),
    "",
    ...latencyTable(figures.latency),
    "",
    ...catchUpTable(figures.catchUp),
    "",
    ...aggregateTable(figures.aggregate),
    "",
    restartLine(figures.restart),
    memoryLine(figures.memory),
    "",
    "The load generator is the SDK in the benchmark's own process, on the same cores as the engine. The probe is a Worker",
    "whose Durable Object only inserts the body of a request as one row; it gets the same bytes from the same SDK, and, in",
    "the last column, from plain requests that were made before.",
    "",
    nexmarkBlock(figures.nexmark),
  ].join("\n");
}

function appendTable(rows: readonly AppendFigures[]): readonly string[] {
  return table(
    ["append, records/s", "Millrace", "probe", "ratio", "probe without the SDK", "ratio"],
    rows.map(({ bytes, partitions, platform: full, probe, bare }) => [
      `${size(bytes)}, ${partitionCount(partitions)}`,
      count(full),
      count(probe),
      ratio(full, probe),
      count(bare),
      ratio(full, bare),
    ]),
  );
}

function latencyTable(rows: readonly LatencyFigures[]): readonly string[] {
  return table(
    ["append of one record, p50 / p99 ms", "Millrace", "probe"],
    rows.map(({ bytes, platform: full, probe }) => [size(bytes), pair(full), pair(probe)]),
  );
}

function catchUpTable({ stored, seconds, appends, busy, quiet }: CatchUpFigures): readonly string[] {
  return table(
    [`… while ${count(stored)} records of its partition are caught up`, "p50 / p99 ms", "appends", "caught up after"],
    [
      ["100 B, by a pipeline of one-hour windows", pair(busy), count(appends), `${seconds.toFixed(1)} s`],
      ["100 B, with no pipeline there", pair(quiet), count(appends), ""],
    ],
  );
}

function pair({ p50, p99 }: Percentiles): string {
  return `${p50.toFixed(2)} / ${p99.toFixed(2)}`;
}

function aggregateTable(rows: readonly AggregateFigures[]): readonly string[] {
  return table(
    ["one-hour windows by key, records/s", "append and aggregate", "aggregate alone"],
    rows.map(({ keys, partitions, both, alone }) => [
      `100 B, ${count(keys)} keys, ${partitionCount(partitions)}`,
      count(both),
      count(alone),
    ]),
  );
}

function restartLine({ stored, readyMs, usableMs }: RestartFigures): string {
  const usable = `last one read and another one appended after ${Math.round(usableMs)} ms`;
  return `Restart after \`kill -9\` with ${count(stored)} records stored: ready after ${Math.round(readyMs)} ms, ${usable}.  `;
}

function memoryLine({ node, workerd }: Resident): string {
  const parts = `Node.js ${megabytes(node)} and workerd ${megabytes(workerd)}`;
  return `Memory of the engine, at most: ${megabytes(node + workerd)} resident (${parts}).`;
}

function size(bytes: number): string {
  return bytes < 1_000 ? `${bytes} B` : `${bytes / 1_000} KB`;
}

function ratio(value: number, of: number): string {
  return (value / of).toFixed(2);
}
