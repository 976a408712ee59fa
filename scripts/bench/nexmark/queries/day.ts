/** `2020-01-01`, of ms since the epoch; UTC. */
export function dayOf(timestampMs: number): string {
  return new Date(timestampMs).toISOString().slice(0, 10);
}

/** `23:59` */
export function minuteOf(timestampMs: number): string {
  return new Date(timestampMs).toISOString().slice(11, 16);
}
