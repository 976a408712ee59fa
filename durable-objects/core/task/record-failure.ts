import { errorText } from "../sink/error-text.ts";

/** User code threw, and the pipeline's policy is to stop there: at this record of the input, in this node. */
export class RecordFailure extends Error {
  readonly offset: number;
  readonly node: string;

  constructor(thrown: unknown, at: { readonly offset: number; readonly node: string }) {
    super(`${at.node} at offset ${at.offset}: ${errorText(thrown).message}`);
    this.offset = at.offset;
    this.node = at.node;
  }
}
