import type { GroupTableNode, KeyValue } from "../../../schema/plan.ts";
import type { Operator, Output } from "./operator.ts";
import { LivePayload, type Payload, TOMBSTONE } from "./payload.ts";
import { returnedKey } from "./returned.ts";
import { StreamRecord } from "./stream-record.ts";
import { ofReplaced } from "./table-row.ts";

/**
 * Changes of a table under the key by which its rows are grouped: what the row was leaves its group, what it is comes into
 * its own; in one change where both are one group, else the old first (KTableRepartitionMap). A row with a null key or
 * value is in no group.
 */
export class GroupTable implements Operator {
  readonly name: string;
  readonly #selector: GroupTableNode["selector"];
  readonly #output: Output;

  constructor(node: GroupTableNode, output: Output) {
    this.name = node.name;
    this.#selector = node.selector;
    this.#output = output;
  }

  process(record: StreamRecord): void {
    const now = this.#grouped(record.payload, record);
    const { before = TOMBSTONE } = record;
    const old = ofReplaced(() => this.#grouped(before, record), undefined);
    if (old !== undefined && old.key === now?.key) return this.#send(record, old.key, [now.row, old.row]);
    if (old !== undefined) this.#send(record, old.key, [TOMBSTONE, old.row]);
    if (now !== undefined) this.#send(record, now.key, [now.row, TOMBSTONE]);
  }

  #send({ timestampMs, origin }: StreamRecord, key: string, [row, replaces]: readonly [Payload, Payload]): void {
    this.#output.forward(new StreamRecord(key, row, { timestampMs, origin, replaces }));
  }

  #grouped(payload: Payload, { key }: StreamRecord): { readonly key: string; readonly row: Payload } | undefined {
    const selector = this.#selector;
    const value = payload.value();
    if (value === null) return undefined;
    const pair: KeyValue = selector(value, key);
    if (typeof pair !== "object" || pair === null)
      throw new TypeError(`${this.name} returned ${pair === null ? "null" : typeof pair}, not {key, value}`);
    if (pair.value === undefined) throw new TypeError(`${this.name} returned undefined as value; a tombstone is null`);
    const group = returnedKey(pair.key, null, this.name);
    if (group === null || pair.value === null) return undefined;
    if (typeof group !== "string") throw new TypeError(`${this.name} returned a windowed key; a group's key is text`);
    return { key: group, row: pair.value === value ? payload : new LivePayload(pair.value) };
  }
}
