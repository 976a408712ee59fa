import type { SessionWindows, SlidingWindows, Windows } from "../../../schema/windows.ts";

/** How finely windows mind event time, ms; undefined where it closes none. */
export function stepMsOf(windows: Windows): number | undefined {
  switch (windows.kind) {
    case "time":
      return windows.advanceMs;
    case "cumulative":
      return windows.stepMs;
    // They close at any time: what waits for it waits a tenth of their length more at most.
    case "sliding":
      return Math.max(1, Math.floor(windows.differenceMs / 10));
    case "session":
      return Math.max(1, Math.floor(windows.gapMs / 10));
    case "unlimited":
      return undefined;
  }
}

/** How long windows must be kept at least, ms, so that what is decided by them can be. Undefined where nothing closes. */
export function leastRetentionMs(windows: Windows): number | undefined {
  switch (windows.kind) {
    case "time":
    case "cumulative":
      return windows.sizeMs + windows.graceMs;
    case "sliding":
      return 2 * windows.differenceMs + windows.graceMs;
    case "session":
      return windows.gapMs + windows.graceMs;
    case "unlimited":
      return undefined;
  }
}

/** A topic holds both bounds of these windows in a key: the end does not follow from the start (SNK-9). */
export function bothBounds(windows: Windows): boolean {
  return windows.kind === "cumulative" || windows.kind === "session";
}

/** Windows that lie by key, then time: others lie by time, then key. */
export function liesByKey(windows: Windows): windows is SlidingWindows | SessionWindows {
  return windows.kind === "sliding" || windows.kind === "session";
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
    case "sliding":
      return ["sliding", windows.differenceMs];
    case "session":
      return ["session", windows.gapMs];
  }
}
