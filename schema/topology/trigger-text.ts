import type { Trigger } from "../plan.ts";
import { durationText } from "./duration-text.ts";

/** A trigger as it is written: `perEvent()`, `every("2 seconds")`. */
export function triggerText(trigger: Trigger): string {
  switch (trigger.kind) {
    case "every":
      return `every("${durationText(trigger.intervalMs)}")`;
    case "everyRecords":
      return `everyRecords(${trigger.records}, { atMost: "${durationText(trigger.atMostMs)}" })`;
    case "cron":
      return `cron("${trigger.expression}")`;
    case "perEvent":
    case "availableNow":
    case "manual":
      return `${trigger.kind}()`;
  }
}
