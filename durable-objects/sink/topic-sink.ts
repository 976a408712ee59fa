import { partitionName } from "../../schema/rpc/log.ts";
import type { AttachRequest } from "../../schema/rpc/task.ts";
import { isInternal } from "../../schema/internal-topic.ts";
import type { Env } from "../env.ts";
import { decodeRecords } from "../../schema/record-batch/decode.ts";
import { decompress } from "../gzip.ts";
import type { StoredRow } from "../sqlite/outbox-table.ts";
import type { Outcome, Parcel, Sink } from "./sink.ts";

function refusedWhole(rows: readonly StoredRow[], reason: string): Outcome {
  const [row] = rows;
  if (row === undefined) return { kind: "delivered", through: 0 };
  const letters = row.body.byteLength === 0 ? [] : decodeRecords(row.body, decompress);
  // An empty row has nothing to refuse: it has been taken by nobody, and is no longer needed.
  if (letters.length === 0) return { kind: "delivered", through: row.sequence };
  return { kind: "refused", sequence: row.sequence, reason, letters, rest: new Uint8Array(0), restRecords: 0 };
}

/** Another partition: exactly once, because it keeps the last sequence taken from every source (ENG-6). */
export class TopicSink implements Sink {
  readonly #partitions: Env["PARTITION"];
  readonly #outputs: AttachRequest["outputs"];

  constructor(partitions: Env["PARTITION"], outputs: AttachRequest["outputs"]) {
    this.#partitions = partitions;
    this.#outputs = outputs;
  }

  async deliver({ source, code, target, rows }: Parcel): Promise<Outcome> {
    const slash = target.lastIndexOf("/");
    const topic = target.slice("topic:".length, slash);
    const output = this.#outputs[topic];
    if (output === undefined) return { kind: "stop", reason: `topic ${topic} is not an output of this task` };
    const internal = isInternal(topic);
    const stub = this.#partitions.getByName(partitionName(output.topicId, Number(target.slice(slash + 1))));
    const answer = await stub.deliver({
      source,
      rows: rows.map(({ sequence, body }) => ({ sequence, batch: body })),
      ...(internal ? { code } : {}),
    });
    if (answer.ok) return { kind: "delivered", through: answer.last };
    if (answer.code === "out_of_order_sequence") return { kind: "stop", reason: answer.message };
    // A topic id is never used again, so what was deleted will not come back. An internal topic goes with its incarnation,
    // and then this task does too, with the row.
    if (answer.code === "unknown_topic" && !internal) return refusedWhole(rows, `topic ${topic} was deleted`);
    return { kind: "retry", reason: `${target}: ${answer.message}` };
  }
}
