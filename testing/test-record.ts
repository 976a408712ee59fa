import type { PlanKey } from "../schema/plan.ts";

/** A record to put into a topic. Bytes go as they are, so a record can be wrong on purpose. */
export interface TestRecord {
  readonly key?: string | Uint8Array | null | undefined;
  /** Read as the pipeline's source says: JSON unless it says text or bytes. `null` is a tombstone. */
  readonly value: unknown;
  /** The driver's clock unless given. */
  readonly timestampMs?: number | undefined;
  readonly headers?: { readonly [name: string]: string } | undefined;
  /** Follows from the key unless given. */
  readonly partition?: number | undefined;
}

/** A record that a pipeline sent to a topic. */
export interface ReadRecord<Value = unknown> {
  /** `{key, start, end}` where the pipeline sent windows. */
  readonly key: PlanKey;
  readonly value: Value;
  readonly timestampMs: number;
  readonly headers: { readonly [name: string]: string };
}

/** A record that could not be processed, as it came. */
export interface DeadLetter {
  readonly key: string | null;
  /** Its JSON value; text or bytes where it is none. */
  readonly value: unknown;
  readonly timestampMs: number;
  /** What user code threw, or what is wrong with the record. */
  readonly error: string;
  /** The node at work. */
  readonly node: string;
  readonly headers: { readonly [name: string]: string };
}
