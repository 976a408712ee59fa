import { MAX_TIMESTAMP_MS, MAX_WINDOW_MS, MAX_WINDOWS_PER_RECORD } from "../../../schema/limits.ts";
import type { StoreDefinition } from "../../../schema/plan.ts";
import type { CumulativeWindows, TimeWindows, UnlimitedWindows, Windows } from "../../../schema/windows.ts";
import { invalid, type Problem } from "./problem.ts";
import { leastRetentionMs } from "./windows.ts";

export function checkWindows(windows: Windows | undefined, field: string): Problem {
  switch (windows?.kind) {
    case undefined:
      return undefined;
    case "time":
      return checkTime(windows, field);
    case "cumulative":
      return checkCumulative(windows, field);
    case "unlimited":
      return checkUnlimited(windows, field);
    case "sliding":
      return checkSize(windows.differenceMs, `${field}.differenceMs`) ?? checkGrace(windows.graceMs, field);
    case "session":
      return checkSize(windows.gapMs, `${field}.gapMs`) ?? checkGrace(windows.graceMs, field);
  }
}

export function checkRetention({ retentionMs }: StoreDefinition, windows: Windows | undefined, field: string): Problem {
  if (retentionMs === undefined) return undefined;
  if (windows === undefined) return invalid(field, "only windows have a retention", "Leave it out.");
  const least = leastRetentionMs(windows);
  if (least === undefined) return invalid(field, "unlimited windows are kept for ever", "Leave the retention out.");
  if (Number.isSafeInteger(retentionMs) && retentionMs >= least) return undefined;
  return invalid(
    field,
    `retention ${retentionMs} ms is below ${leastText[windows.kind]}, ${least} ms`,
    `Keep windows at least ${least} ms.`,
  );
}

const leastText: { readonly [Kind in Windows["kind"]]: string } = {
  time: "size + grace",
  cumulative: "size + grace",
  sliding: "2 · difference + grace",
  session: "gap + grace",
  unlimited: "",
};

function checkTime({ sizeMs, advanceMs, graceMs }: TimeWindows, field: string): Problem {
  const problem = checkSize(sizeMs, `${field}.sizeMs`);
  if (problem) return problem;
  if (!Number.isSafeInteger(advanceMs) || advanceMs < 1 || advanceMs > sizeMs) {
    return invalid(
      `${field}.advanceMs`,
      `windows of ${sizeMs} ms advance by ${advanceMs} ms`,
      `Advance by 1 to ${sizeMs} ms.`,
    );
  }
  return checkGrace(graceMs, field) ?? checkCount({ sizeMs, stepMs: advanceMs, field: `${field}.advanceMs` });
}

function checkCumulative({ sizeMs, stepMs, graceMs }: CumulativeWindows, field: string): Problem {
  const problem = checkSize(sizeMs, `${field}.sizeMs`);
  if (problem) return problem;
  if (!Number.isSafeInteger(stepMs) || stepMs < 1 || sizeMs % stepMs !== 0) {
    return invalid(
      `${field}.stepMs`,
      `windows up to ${sizeMs} ms grow by ${stepMs} ms`,
      "Grow by a whole part of the size.",
    );
  }
  return checkGrace(graceMs, field) ?? checkCount({ sizeMs, stepMs, field: `${field}.stepMs` });
}

function checkUnlimited({ startMs }: UnlimitedWindows, field: string): Problem {
  if (Number.isSafeInteger(startMs) && startMs >= 0 && startMs <= MAX_TIMESTAMP_MS) return undefined;
  return invalid(`${field}.startMs`, `start is ${startMs}`, `Use 0 to ${MAX_TIMESTAMP_MS}, ms since the epoch.`);
}

function checkSize(sizeMs: number, field: string): Problem {
  if (Number.isSafeInteger(sizeMs) && sizeMs >= 1 && sizeMs <= MAX_WINDOW_MS) return undefined;
  return invalid(
    field,
    `window ${field.slice(field.lastIndexOf(".") + 1, -2)} is ${sizeMs} ms`,
    `Use 1 to ${MAX_WINDOW_MS} ms.`,
  );
}

function checkGrace(graceMs: number, field: string): Problem {
  if (Number.isSafeInteger(graceMs) && graceMs >= 0) return undefined;
  return invalid(`${field}.graceMs`, `grace is ${graceMs} ms`, "Use 0 ms or more.");
}

function checkCount({ sizeMs, stepMs, field }: { sizeMs: number; stepMs: number; field: string }): Problem {
  const windowsPerRecord = Math.ceil(sizeMs / stepMs);
  if (windowsPerRecord <= MAX_WINDOWS_PER_RECORD) return undefined;
  return invalid(
    field,
    `a record would be in ${windowsPerRecord} windows, above ${MAX_WINDOWS_PER_RECORD}`,
    `Use at least a ${MAX_WINDOWS_PER_RECORD}th of the size.`,
  );
}
