import { partitionName, type TopicIdentity } from "../../schema/rpc/log.ts";
import type { PartitionRpc } from "../../schema/rpc/partition.ts";
import type { Answer } from "../../schema/error.ts";
import type { Env } from "../env.ts";

/** Calls under way to the partitions of one topic. */
const AT_ONCE = 16;

/** Calls every partition of a topic; answers the first refusal, or that all agreed. A call that throws is thrown. */
export async function onEveryPartition(
  namespace: Env["PARTITION"],
  topic: Pick<TopicIdentity, "topicId" | "partitions">,
  call: (stub: PartitionRpc, partition: number) => Promise<Answer>,
): Promise<Answer> {
  for (let from = 0; from < topic.partitions; from += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, topic.partitions - from) }, (_, index) => from + index);
    const answers = await Promise.all(
      some.map((partition) =>
        call(namespace.getByName(partitionName(topic.topicId, partition)) as unknown as PartitionRpc, partition),
      ),
    );
    const refused = answers.find((answer) => !answer.ok);
    if (refused !== undefined) return refused;
  }
  return { ok: true };
}
