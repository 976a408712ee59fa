import type { AirportTotal, Results } from "./results.ts";
import { bold, count, counted, dim, say, seconds, table } from "./terminal.ts";

export interface Timing {
  /** Flights that were stored by this run. */
  readonly sent: number;
  readonly sendMs: number;
  /** From the last flight stored to everything processed and delivered. */
  readonly drainMs: number;
  /** From the first line to this one. */
  readonly totalMs: number;
}

export function printSummary(results: Results, timing: Timing): void {
  const { alerts, hours, files, file } = results;
  say();
  say(bold("Airports with the most flights") + dim("  airport-hours, from D1"));
  for (const line of airportTable(results.topAirports)) say(`  ${line}`);
  say();
  say(`  ${bold(counted(alerts, "delay alert"))} in the topic delay-alerts`);
  say(`  ${bold(counted(hours, "row"))} of airport and hour in the D1 table airport_hours`);
  say(`  ${bold(counted(files, "file"))} in R2 with all flights, such as ${file}`);
  say();
  if (timing.sent > 0) {
    const rate = count(Math.round(timing.sent / (timing.sendMs / 1000)));
    const stored = `${counted(timing.sent, "flight")} stored in ${seconds(timing.sendMs)}, ${rate} records/s`;
    say(`  ${stored}; processed and delivered ${seconds(timing.drainMs)} later`);
  }
  say(`  ${seconds(timing.totalMs)} in total`);
}

function airportTable(airports: readonly AirportTotal[]): readonly string[] {
  const rows = airports.map(({ airport, flights, mean_delay, late_share }) => [
    airport,
    count(flights),
    `${mean_delay.toFixed(1)} min`,
    `${(late_share * 100).toFixed(0)} %`,
  ]);
  const [head = "", ...lines] = table([["airport", "flights", "mean delay", "late"], ...rows]);
  return [dim(head), ...lines];
}
