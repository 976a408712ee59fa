import { MAX_TRIGGER_MS, MIN_TRIGGER_MS } from "../../schema/limits.ts";
import type { Trigger } from "../../schema/plan.ts";
import { type Duration, durationMs } from "./duration.ts";

/**
 * Runs record by record as they arrive, and a backlog in slices: Kafka Streams' way, and what a pipeline does unless told.
 *
 * @example
 * import { perEvent, pipeline } from "../sdk/streams/index.ts";
 *
 * pipeline("copy", ({ stream }) => stream("orders").to("orders-copy")).trigger(perEvent());
 */
export function perEvent(): Trigger {
  return { kind: "perEvent" };
}

/**
 * Runs a micro-batch over all that has arrived, as Spark's `Trigger.ProcessingTime` does: a key updated many times in the
 * batch is sent once, with its last value. Between 100 ms and a day.
 *
 * @example
 * import { every, pipeline } from "../sdk/streams/index.ts";
 *
 * pipeline("copy", ({ stream }) => stream("orders").to("orders-copy")).trigger(every("2 seconds"));
 */
export function every(interval: Duration): Trigger {
  const intervalMs = durationMs(interval);
  if (intervalMs < MIN_TRIGGER_MS || intervalMs > MAX_TRIGGER_MS) {
    throw new Error(
      `every(${JSON.stringify(interval)}) is outside 100 ms and 1 day. Use perEvent() for less than 100 ms.`,
    );
  }
  return { kind: "every", intervalMs };
}
