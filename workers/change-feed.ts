import type { Answer, Refusal } from "../schema/error.ts";
import type { ChangesAnswer, ChangesCursor } from "../schema/rpc/store.ts";
import type { ChangePositions } from "./change-cursor.ts";

export interface FeedRequest {
  readonly partitions: readonly number[];
  readonly from: ChangePositions;
  /** `first`: of this partition, so that what is wrong is known at once. The others wait for changes. */
  readonly read: (
    partition: number,
    how: { readonly cursor: ChangesCursor | undefined; readonly first: boolean },
  ) => Promise<Answer<ChangesAnswer>>;
  /** Ends after so many reads, so that a request does not ask for more than the platform lets it. */
  readonly maxReads: number;
}

export type FeedEvent =
  | { readonly kind: "answer"; readonly answer: ChangesAnswer; readonly positions: ChangePositions }
  | { readonly kind: "refused"; readonly refusal: Refusal };

/**
 * What happens in the partitions of a store. One after another gives its snapshot, so that a position has the place of one
 * alone; those that have are followed meanwhile.
 */
export async function* changeFeed({ partitions, from, read, maxReads }: FeedRequest): AsyncGenerator<FeedEvent> {
  const positions = new Map(from);
  const waiting = partitions.filter((partition) => !positions.has(partition));
  const open = new Map<number, Promise<{ readonly partition: number; readonly answer: Answer<ChangesAnswer> }>>();
  let reads = 0;
  const ask = (partition: number, first: boolean): void => {
    reads++;
    const asked = read(partition, { cursor: positions.get(partition), first });
    open.set(
      partition,
      asked.then((answer) => ({ partition, answer })),
    );
  };
  const begun = partitions.filter((partition) => positions.has(partition));
  for (const partition of begun) ask(partition, true);
  if (begun.every((partition) => positions.get(partition)?.taking === undefined)) askNext();
  while (open.size > 0) {
    const { partition, answer } = await Promise.race(open.values());
    open.delete(partition);
    if (!answer.ok) {
      yield { kind: "refused", refusal: answer };
      return;
    }
    positions.set(partition, answer.cursor);
    yield { kind: "answer", answer, positions };
    if (reads >= maxReads) continue;
    if (answer.ready) askNext();
    ask(partition, false);
  }

  function askNext(): void {
    const next = waiting.shift();
    if (next !== undefined) ask(next, true);
  }
}
