import type { TimeWindows, Windows } from "../windows.ts";
import { durationText } from "./duration-text.ts";

/** Windows for reading. */
export function windowsText(windows: Windows): string {
  switch (windows.kind) {
    case "time":
      return `${timeText(windows)}, ${graceText(windows)}`;
    case "cumulative":
      return `cumulative ${durationText(windows.sizeMs)} by ${durationText(windows.stepMs)}, ${graceText(windows)}`;
    case "unlimited":
      return windows.startMs === 0 ? "unlimited" : `unlimited from ${windows.startMs}`;
    case "sliding":
      return `sliding ${durationText(windows.differenceMs)}, ${graceText(windows)}`;
    case "session":
      return `session gap ${windows.gap === undefined ? "" : "up to "}${durationText(windows.gapMs)}, ${graceText(windows)}`;
  }
}

function timeText({ sizeMs, advanceMs }: TimeWindows): string {
  const size = durationText(sizeMs);
  return advanceMs === sizeMs ? `tumbling ${size}` : `hopping ${size} by ${durationText(advanceMs)}`;
}

function graceText({ graceMs }: { readonly graceMs: number }): string {
  return `grace ${durationText(graceMs)}`;
}
