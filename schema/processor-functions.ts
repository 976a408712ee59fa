// What a processor of a plan is given and gives back.
import type { RecordContext } from "./plan.ts";

export type StateDefinition = {
  readonly kind: "value" | "list" | "map";
  /** How long what was written is there, by the operator's clock, ms; undefined is for ever. */
  readonly ttlMs: number | undefined;
};

/** A timer that has come due. */
export interface Timer {
  readonly name: string;
  readonly dueMs: number;
}

/** A result: with the key and the time of what caused it unless it says otherwise. */
export interface ProcessResult {
  readonly value: unknown;
  readonly key?: string | null | undefined;
  readonly timestampMs?: number | undefined;
}

export type ProcessFunction<Item> = (
  item: Item,
  key: string,
  context: ProcessRuntime,
) => Iterable<ProcessResult> | undefined | void;

/** The untyped face of what the engine gives a processor; `sdk/streams/processor.ts` describes it. */
export interface ProcessRuntime extends RecordContext {
  readonly state: { readonly [name: string]: unknown };
  readonly streamTimeMs: number;
  readonly timers: ProcessTimers;
  readonly wallClock: ProcessWallClock;
}

export interface ProcessTimers {
  set(dueMs: number, name?: string): void;
  clear(dueMs: number, name?: string): void;
}

export interface ProcessWallClock extends ProcessTimers {
  readonly nowMs: number;
}
