import { Cron } from "croner";

/** The next time of a cron expression after this one, in UTC, ms; undefined when there is none. Throws what is none. */
export function nextCronMs(expression: string, nowMs: number): number | undefined {
  // oxlint-disable-next-line no-restricted-globals -- a time that was given
  return new Cron(expression, { timezone: "UTC" }).nextRun(new Date(nowMs))?.getTime();
}
