import { DEFAULT_FILE_BYTES, DEFAULT_FILE_ROLL_MS, OBJECT_PREFIX_PATTERN } from "../../schema/limits.ts";
import type { PlanKey, RecordContext } from "../../schema/plan.ts";
import type { R2Sink } from "../../schema/sinks.ts";
import { type Duration, durationMs } from "./duration.ts";
import type { SinkFor } from "./sink.ts";

/**
 * What an R2 sink may be told. `path` puts a record's line into the folder `<prefix>/<path>/`: by default the day of the
 * record's time, `2001-01-10` (UTC). A file is closed at `maxFileBytes` (8 MB), or when its first line has waited `roll`
 * (1 minute).
 *
 * @example
 * import type { FileOptions } from "../sdk/streams/index.ts";
 *
 * const byCountry: FileOptions<{ country: string }> = { path: (order) => `country=${order.country}`, roll: "5 minutes" };
 */
export interface FileOptions<Value, Key = PlanKey> {
  readonly path?: ((value: Value, key: Key, context: RecordContext) => string) | undefined;
  readonly roll?: Duration | undefined;
  readonly maxFileBytes?: number | undefined;
}

/**
 * Files of newline-delimited JSON in the R2 bucket bound as `LAKE`: one line a value, each record in one file once.
 *
 * @example
 * import { pipeline, r2 } from "../sdk/streams/index.ts";
 *
 * pipeline("archive", ({ stream }) => {
 *   const orders = stream<{ country: string }>("orders");
 *   orders.to(r2("orders-by-day"));
 *   orders.to(r2("orders-by-country", { path: (order) => `country=${order.country}` }));
 * });
 */
export function r2<Value, Key = PlanKey>(prefix: string, options: FileOptions<Value, Key> = {}): SinkFor<Value, Key> {
  if (!OBJECT_PREFIX_PATTERN.test(prefix)) {
    throw new Error(
      `"${prefix}" is not an R2 prefix. Use names of a-z A-Z 0-9 . _ = - joined by "/", with no "/" at either end, up to 200 characters.`,
    );
  }
  const rollMs = options.roll === undefined ? DEFAULT_FILE_ROLL_MS : durationMs(options.roll);
  const maxFileBytes = options.maxFileBytes ?? DEFAULT_FILE_BYTES;
  if (!Number.isSafeInteger(maxFileBytes) || maxFileBytes < 1) {
    throw new Error(`maxFileBytes is ${maxFileBytes} at r2("${prefix}"). Use a whole number of bytes above 0.`);
  }
  const path = (options.path ?? dayOf) as R2Sink["path"];
  return { sink: { kind: "r2", prefix, path, rollMs, maxFileBytes } };
}

function dayOf(_value: unknown, _key: unknown, context: RecordContext): string {
  return new Date(context.timestampMs).toISOString().slice(0, 10);
}
