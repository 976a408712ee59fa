import type { Bytes, ProducerRecord } from "../../schema/record.ts";
import type { PlanIdentity } from "../../schema/rpc/task.ts";
import type { StoredRow } from "../sqlite/outbox-table.ts";

/** Rows of one target in sequence order, and who sends them. */
export interface Parcel {
  readonly source: string;
  readonly incarnation: number;
  /** The code that the task runs. */
  readonly code: PlanIdentity;
  /** The task for a file's name: `<input>.<partition>`. */
  readonly taskName: string;
  readonly target: string;
  readonly rows: readonly StoredRow[];
}

/**
 * `delivered`: every row up to and including `through` has taken effect, once. `retry`: unknown or not now, the same rows
 * come again (`oneByOne`: a row each, at once, to find the one that is refused). `refused`: the target will never take some
 * of the row at `sequence`. `stop`: rows are missing on the way; nothing
 * more is sent until somebody looks.
 */
export type Outcome =
  | { readonly kind: "delivered"; readonly through: number }
  | { readonly kind: "retry"; readonly reason: string; readonly oneByOne?: boolean | undefined }
  | Refused
  | { readonly kind: "stop"; readonly reason: string };

/** `letters` are what the target refused, `rest` what remains of the row, perhaps nothing. */
export interface Refused {
  readonly kind: "refused";
  readonly sequence: number;
  readonly reason: string;
  readonly letters: readonly Letter[];
  readonly rest: Bytes;
  readonly restRecords: number;
}

export type Letter = Pick<ProducerRecord, "key" | "value" | "headers">;

/** One kind of target. `deliver` may be called again with the same rows, or the same first rows and more: it applies each once. */
export interface Sink {
  deliver(parcel: Parcel): Promise<Outcome>;
}
