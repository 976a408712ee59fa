const units = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1_000],
] as const;

/** A duration as the DSL reads it, in the largest unit that divides it: 7_200_000 is `2 hours`, 0 is `0 ms`. */
export function durationText(ms: number): string {
  for (const [unit, unitMs] of units) {
    if (ms > 0 && ms % unitMs === 0) return `${ms / unitMs} ${unit}${ms === unitMs ? "" : "s"}`;
  }
  return `${ms} ms`;
}
