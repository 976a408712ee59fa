import { MAX_LOOKUP_KEY_BYTES } from "../../../schema/limits.ts";
import type { LookupNode } from "../../../schema/plan.ts";
import { jsonText } from "../store/state-value.ts";
import { utf8 } from "./key-text.ts";
import type { LookupAnswer, Operator, Output, Runtime } from "./operator.ts";
import { returnedValue } from "./returned.ts";
import { StreamRecord } from "./stream-record.ts";

const NOTHING: LookupAnswer = { found: null };

/** Joins each record of a stream with what was found for it before the slice; a slice that only asks goes no further here. */
export class Lookup implements Operator {
  readonly name: string;
  readonly #node: LookupNode;
  readonly #runtime: Runtime;
  readonly #output: Output;

  constructor(node: LookupNode, runtime: Runtime, output: Output) {
    this.name = node.name;
    this.#node = node;
    this.#runtime = runtime;
    this.#output = output;
  }

  process(record: StreamRecord): void {
    const { join, joiner } = this.#node;
    const key = record.value === null ? null : this.#keyOf(record);
    if (record.value === null || (key === null && join === "inner")) {
      this.#runtime.tally.droppedRecords++;
      return;
    }
    const answer = key === null ? NOTHING : this.#runtime.lookUp({ node: this.name, key });
    if (answer === undefined) return;
    if ("error" in answer) throw new Error(answer.error);
    if (answer.found === null && join === "inner") return;
    // Each record has what was found for itself: user code may change it.
    const found: unknown = answer.found === null ? null : JSON.parse(answer.found);
    const joined = returnedValue(joiner(record.value, found, record.key), this.name);
    this.#output.forward(new StreamRecord(record.key, joined, record));
  }

  #keyOf({ value, key, context }: StreamRecord): string | null {
    const { key: selector } = this.#node;
    const wanted = selector(value, key, context);
    if (wanted === null) return null;
    if (wanted === undefined)
      throw new TypeError(`the key of ${this.name} is undefined; a record that looks up nothing has the key null`);
    const text = jsonText(wanted, `what ${this.name} looks up`);
    if (text.length * 3 > MAX_LOOKUP_KEY_BYTES && utf8(text).length > MAX_LOOKUP_KEY_BYTES)
      throw new RangeError(`${this.name} looks up a key of more than ${MAX_LOOKUP_KEY_BYTES} bytes of JSON`);
    return text;
  }
}
