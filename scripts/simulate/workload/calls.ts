/** One call of an async function of `forEachBatch`. */
export interface Call {
  /** `<topic>/<partition>`. */
  readonly place: string;
  readonly batchId: number;
  readonly offsets: readonly number[];
}

/** All calls of a pipeline's async function: what is outside the simulation, and outlives its objects. */
export class Calls {
  readonly made: Call[] = [];
}
