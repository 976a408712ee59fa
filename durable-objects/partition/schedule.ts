import type { Trigger } from "../../schema/plan.ts";
import { nextCronMs } from "../core/plan/cron.ts";

/** When a task whose log has records that wait is to run; undefined when it is not by time. */
export function dueMs(trigger: Trigger, pipeline: string, nowMs: number): number | undefined {
  switch (trigger.kind) {
    case "every":
      return nextRunMs(trigger.intervalMs, pipeline, nowMs);
    case "everyRecords":
      return nowMs + trigger.atMostMs;
    case "cron":
      return nextCronMs(trigger.expression, nowMs);
    case "perEvent":
    case "availableNow":
    case "manual":
      return undefined;
  }
}

/**
 * Next multiple of the interval, moved by a jitter that every partition of a pipeline shares: pipelines do not all wake at
 * the full second, and the partitions of one still run together. In `(nowMs, nowMs + intervalMs]`.
 */
export function nextRunMs(intervalMs: number, pipeline: string, nowMs: number): number {
  const jitter = hashOf(pipeline) % intervalMs;
  return Math.floor((nowMs - jitter) / intervalMs + 1) * intervalMs + jitter;
}

/** FNV-1a, 32 bit. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}
