import { Cron } from "croner";

/** The next time of a checked cron expression after this one, in UTC; never less than a millisecond later. */
export function nextCronMs(expression: string, nowMs: number): number {
  const next = new Cron(expression, { timezone: "UTC" }).nextRun(new Date(nowMs));
  return next === null ? Infinity : next.getTime();
}
