import type { Windows } from "../../../schema/plan.ts";
import { durationText } from "./duration-text.ts";

/** How finely windows mind event time, ms; undefined where it closes none. */
export function stepMsOf(windows: Windows): number | undefined {
  switch (windows.kind) {
    case "time":
      return windows.advanceMs;
    case "cumulative":
      return windows.stepMs;
    case "unlimited":
      return undefined;
  }
}

/** From the start of a window to its close, by stream time: no less is kept. Undefined where nothing closes. */
export function leastRetentionMs(windows: Windows): number | undefined {
  switch (windows.kind) {
    case "time":
    case "cumulative":
      return windows.sizeMs + windows.graceMs;
    case "unlimited":
      return undefined;
  }
}

/** A topic holds both bounds of these windows in a key: the end does not follow from the start (SNK-9). */
export function bothBounds(windows: Windows): boolean {
  return windows.kind === "cumulative";
}

/** What rows of a window store depend on. */
export function shapeOf(windows: Windows): readonly (number | string)[] {
  switch (windows.kind) {
    case "time":
      return [windows.sizeMs, windows.advanceMs];
    case "cumulative":
      return ["cumulative", windows.sizeMs, windows.stepMs];
    case "unlimited":
      return ["unlimited", windows.startMs];
  }
}

export function windowsText(windows: Windows): string {
  if (windows.kind === "unlimited") return windows.startMs === 0 ? "unlimited" : `unlimited from ${windows.startMs}`;
  const grace = `grace ${durationText(windows.graceMs)}`;
  const size = durationText(windows.sizeMs);
  if (windows.kind === "cumulative") return `cumulative ${size} by ${durationText(windows.stepMs)}, ${grace}`;
  if (windows.advanceMs === windows.sizeMs) return `tumbling ${size}, ${grace}`;
  return `hopping ${size} by ${durationText(windows.advanceMs)}, ${grace}`;
}
