import { partitionName } from "../../schema/rpc.ts";
import type { AttachRequest } from "../../schema/rpc.ts";
import type { Env } from "../env.ts";
import type { Outcome, Parcel, Sink } from "./sink.ts";

/** Another partition: exactly once, because it keeps the last sequence taken from every source (ENG-6). */
export class TopicSink implements Sink {
  readonly #partitions: Env["PARTITION"];
  readonly #outputs: AttachRequest["outputs"];

  constructor(partitions: Env["PARTITION"], outputs: AttachRequest["outputs"]) {
    this.#partitions = partitions;
    this.#outputs = outputs;
  }

  async deliver({ source, target, rows }: Parcel): Promise<Outcome> {
    const slash = target.lastIndexOf("/");
    const topic = target.slice("topic:".length, slash);
    const output = this.#outputs[topic];
    if (output === undefined) return { kind: "stop", reason: `topic ${topic} is not an output of this task` };
    const stub = this.#partitions.getByName(partitionName(output.topicId, Number(target.slice(slash + 1))));
    const answer = await stub.deliver({ source, rows: rows.map(({ sequence, body }) => ({ sequence, batch: body })) });
    if (answer.ok) return { kind: "delivered", through: answer.last };
    if (answer.code === "out_of_order_sequence") return { kind: "stop", reason: answer.message };
    return { kind: "retry", reason: `${target}: ${answer.message}` };
  }
}
