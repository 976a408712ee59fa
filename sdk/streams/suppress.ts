import type { PlanKey, SuppressBufferBounds } from "../../schema/plan.ts";
import type { Windowed, Windows } from "../../schema/windows.ts";
import { type Duration, durationMs } from "./duration.ts";

type WhenFull = SuppressBufferBounds["whenFull"];

/**
 * How many changes may be held back, and what happens beyond. They are kept in the task's store, not in memory.
 *
 * @example
 * import { BufferConfig, pipeline, tumbling, untilTimeLimit, untilWindowCloses } from "../sdk/streams/index.ts";
 *
 * pipeline("counts", ({ stream }) => {
 *   const orders = stream("orders").groupByKey();
 *   orders.count().suppress(untilTimeLimit("1 minute", BufferConfig.maxRecords(1_000))).to("calm-counts");
 *   orders
 *     .windowedBy(tumbling({ size: "1 hour", grace: "5 minutes" }))
 *     .count()
 *     .suppress(untilWindowCloses(BufferConfig.maxBytes(50_000_000).shutDownWhenFull()))
 *     .to("final-counts");
 * });
 */
export class BufferConfig<Full extends WhenFull = WhenFull> {
  readonly bounds: SuppressBufferBounds & { readonly whenFull: Full };

  constructor(bounds: SuppressBufferBounds & { readonly whenFull: Full }) {
    this.bounds = bounds;
  }

  /**
   * Any number: what `suppress` does unless told.
   *
   * @example
   * import { BufferConfig, untilTimeLimit } from "../sdk/streams/index.ts";
   *
   * const calm = untilTimeLimit("1 minute", BufferConfig.unbounded());
   */
  static unbounded(): BufferConfig<"shutDown"> {
    return new BufferConfig({ whenFull: "shutDown" });
  }

  /**
   * At most so many keys: when one more comes the change that has waited longest goes on early, unless told otherwise.
   *
   * @example
   * import { BufferConfig, untilTimeLimit } from "../sdk/streams/index.ts";
   *
   * const calm = untilTimeLimit("1 minute", BufferConfig.maxRecords(1_000));
   */
  static maxRecords(records: number): BufferConfig<"emitEarly"> {
    return new BufferConfig({ whenFull: "emitEarly" } as const).withMaxRecords(records);
  }

  /**
   * As `maxRecords`, by bytes.
   *
   * @example
   * import { BufferConfig, untilTimeLimit } from "../sdk/streams/index.ts";
   *
   * const calm = untilTimeLimit("1 minute", BufferConfig.maxBytes(1_000_000));
   */
  static maxBytes(bytes: number): BufferConfig<"emitEarly"> {
    return new BufferConfig({ whenFull: "emitEarly" } as const).withMaxBytes(bytes);
  }

  /**
   * At most so many keys, whatever else it is bounded by.
   *
   * @example
   * import { BufferConfig, untilTimeLimit } from "../sdk/streams/index.ts";
   *
   * const calm = untilTimeLimit("1 minute", BufferConfig.maxBytes(1_000_000).withMaxRecords(1_000));
   */
  withMaxRecords(records: number): BufferConfig<Full> {
    return new BufferConfig({ ...this.bounds, maxRecords: bound(records, "maxRecords") });
  }

  /**
   * A row counts 100 bytes and the bytes of its key, its value, the value it replaces and its headers.
   *
   * @example
   * import { BufferConfig, untilTimeLimit } from "../sdk/streams/index.ts";
   *
   * const calm = untilTimeLimit("1 minute", BufferConfig.maxRecords(1_000).withMaxBytes(1_000_000));
   */
  withMaxBytes(bytes: number): BufferConfig<Full> {
    return new BufferConfig({ ...this.bounds, maxBytes: bound(bytes, "maxBytes") });
  }

  /**
   * When it is full the changes that have waited longest go on before their time.
   *
   * @example
   * import { BufferConfig, untilTimeLimit } from "../sdk/streams/index.ts";
   *
   * const calm = untilTimeLimit("1 minute", BufferConfig.unbounded().withMaxRecords(9).emitEarlyWhenFull());
   */
  emitEarlyWhenFull(): BufferConfig<"emitEarly"> {
    return new BufferConfig({ ...this.bounds, whenFull: "emitEarly" });
  }

  /**
   * When it is full the task stops and says so. It goes on after a deploy that allows more, or less strictly.
   *
   * @example
   * import { BufferConfig, untilWindowCloses } from "../sdk/streams/index.ts";
   *
   * const final = untilWindowCloses(BufferConfig.maxRecords(1_000_000).shutDownWhenFull());
   */
  shutDownWhenFull(): BufferConfig<"shutDown"> {
    return new BufferConfig({ ...this.bounds, whenFull: "shutDown" });
  }
}

/**
 * What `suppress` is told, made by `untilWindowCloses` and `untilTimeLimit`. `Key` says of which tables.
 *
 * @example
 * import { type Suppressed, untilTimeLimit } from "../sdk/streams/index.ts";
 *
 * const calm: Suppressed<string> = untilTimeLimit("10 seconds");
 */
export interface Suppressed<Key extends PlanKey> {
  readonly until: "windowCloses" | "timeLimit";
  /** Of a time limit, ms. */
  readonly limitMs?: number | undefined;
  readonly buffer: BufferConfig;
  /** Never called: it holds the type. */
  readonly accepts?: ((key: Key) => void) | undefined;
}

/**
 * What `untilWindowCloses` gives.
 *
 * @example
 * import { type FinalResults, untilWindowCloses } from "../sdk/streams/index.ts";
 *
 * const final: FinalResults = untilWindowCloses();
 */
export interface FinalResults extends Suppressed<Windowed> {
  readonly until: "windowCloses";
}

/**
 * Each window once, with its final result: when the largest time seen has reached its end and grace. In the order of
 * their ends, then of their keys. A window that is gone again by then sends nothing. Since final results cannot be early,
 * a bounded buffer must be one that shuts down.
 *
 * `emit(onClose())` of a windowed stream does the same for windows without a buffer; this also goes behind `filter` and
 * `mapValues` of a table.
 *
 * @example
 * import { pipeline, tumbling, untilWindowCloses } from "../sdk/streams/index.ts";
 *
 * pipeline("busy-hours", ({ stream }) =>
 *   stream("orders")
 *     .groupByKey()
 *     .windowedBy(tumbling({ size: "1 hour", grace: "5 minutes" }))
 *     .count()
 *     .filter((count) => count > 100)
 *     .suppress(untilWindowCloses())
 *     .to("busy-hours"),
 * );
 */
export function untilWindowCloses(buffer: BufferConfig<"shutDown"> = BufferConfig.unbounded()): FinalResults {
  return { until: "windowCloses", buffer };
}

/**
 * The last change of a key, a while after the first that was held back: when the largest time seen is so far beyond the
 * time of that first one. Then the next change of the key waits anew.
 *
 * @example
 * import { BufferConfig, pipeline, untilTimeLimit } from "../sdk/streams/index.ts";
 *
 * pipeline("prices", ({ table }) =>
 *   table("prices")
 *     .suppress(untilTimeLimit("5 seconds", BufferConfig.maxRecords(100_000)), { store: "waiting-prices" })
 *     .to("calm-prices"),
 * );
 */
export function untilTimeLimit(limit: Duration, buffer: BufferConfig = BufferConfig.unbounded()): Suppressed<PlanKey> {
  return { until: "timeLimit", limitMs: durationMs(limit), buffer };
}

/** From the end of a window to its close, ms. Of a session it is its last record's time, and the gap has to pass too. */
export function graceOf(windows: Windows | undefined): number {
  if (windows === undefined || windows.kind === "unlimited") {
    throw new Error("untilWindowCloses() is told of windows that never close. Use untilTimeLimit(duration).");
  }
  return windows.kind === "session" ? windows.graceMs + windows.gapMs : windows.graceMs;
}

function bound(value: number, name: string): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error(`${name} of ${value} cannot be. Use a whole number from 0.`);
}
