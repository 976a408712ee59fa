import { MAX_MICRO_BATCH_RECORDS, MAX_TRIGGER_MS, MIN_TRIGGER_MS } from "../../schema/limits.ts";
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

/**
 * Runs a micro-batch when so many records wait in a partition, or when the first of them has waited as long as `atMost`.
 *
 * @example
 * import { everyRecords, pipeline } from "../sdk/streams/index.ts";
 *
 * const trigger = everyRecords(1_000, { atMost: "10 seconds" });
 * pipeline("copy", ({ stream }) => stream("orders").to("orders-copy")).trigger(trigger);
 */
export function everyRecords(records: number, options: { readonly atMost: Duration }): Trigger {
  if (!Number.isSafeInteger(records) || records < 1 || records > MAX_MICRO_BATCH_RECORDS) {
    throw new Error(`everyRecords(${records}) cannot be. Use a whole number from 1 to ${MAX_MICRO_BATCH_RECORDS}.`);
  }
  const atMostMs = durationMs(options.atMost);
  if (atMostMs < MIN_TRIGGER_MS || atMostMs > MAX_TRIGGER_MS) {
    throw new Error(`atMost: ${JSON.stringify(options.atMost)} is outside 100 ms and 1 day.`);
  }
  return { kind: "everyRecords", records, atMostMs };
}

/**
 * Runs a micro-batch over all that has arrived at the times of a cron expression, in UTC. What it says is checked when the
 * pipeline is tested or deployed.
 *
 * @example
 * import { cron, pipeline } from "../sdk/streams/index.ts";
 *
 * const nightly = cron("0 2 * * *");
 * pipeline("copy", ({ stream }) => stream("orders").to("orders-copy")).trigger(nightly);
 */
export function cron(expression: string): Trigger {
  return { kind: "cron", expression };
}

/**
 * Runs over all there is when the pipeline starts, in bounded micro-batches, and then stops until it is asked again with
 * `POST /v1/pipelines/{name}/run`: Spark's `Trigger.AvailableNow`.
 *
 * @example
 * import { availableNow, pipeline } from "../sdk/streams/index.ts";
 *
 * pipeline("copy", ({ stream }) => stream("orders").to("orders-copy")).trigger(availableNow());
 */
export function availableNow(): Trigger {
  return { kind: "availableNow" };
}

/**
 * Runs over all there is when it is asked with `POST /v1/pipelines/{name}/run`, and at no other time.
 *
 * @example
 * import { manual, pipeline } from "../sdk/streams/index.ts";
 *
 * pipeline("copy", ({ stream }) => stream("orders").to("orders-copy")).trigger(manual());
 */
export function manual(): Trigger {
  return { kind: "manual" };
}
