import { MAX_MICRO_BATCH_RECORDS, MAX_TRIGGER_MS, MIN_TRIGGER_MS } from "../../../schema/limits.ts";
import type { Trigger } from "../../../schema/plan.ts";
import { nextCronMs } from "./cron.ts";
import { invalid, type Problem } from "./problem.ts";

export function checkTrigger(trigger: Trigger): Problem {
  switch (trigger.kind) {
    case "every":
      return checkInterval("trigger.intervalMs", trigger.intervalMs);
    case "everyRecords":
      return checkRecords(trigger.records) ?? checkInterval("trigger.atMostMs", trigger.atMostMs);
    case "cron":
      return checkCron(trigger.expression);
    case "perEvent":
    case "availableNow":
    case "manual":
      return undefined;
  }
}

function checkInterval(field: string, ms: number): Problem {
  if (Number.isSafeInteger(ms) && ms >= MIN_TRIGGER_MS && ms <= MAX_TRIGGER_MS) return undefined;
  return invalid(
    field,
    `a trigger every ${ms} ms is outside ${MIN_TRIGGER_MS} to ${MAX_TRIGGER_MS}`,
    "Run per event for less, or ask for at most a day.",
  );
}

function checkRecords(records: number): Problem {
  if (Number.isSafeInteger(records) && records >= 1 && records <= MAX_MICRO_BATCH_RECORDS) return undefined;
  return invalid("trigger.records", `a batch of ${records} records cannot be`, `Use 1 to ${MAX_MICRO_BATCH_RECORDS}.`);
}

function checkCron(expression: string): Problem {
  try {
    if (nextCronMs(expression, 0) !== undefined) return undefined;
    return invalid("trigger.expression", `"${expression}" names no time to come`, "Write a time that comes again.");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return invalid(
      "trigger.expression",
      `"${expression}" is no cron expression: ${reason}`,
      'Write five fields, such as "*/5 * * * *".',
    );
  }
}
