import type { UpstreamRange } from "../task/upstream-times.ts";
import type { InternalTopic } from "./task-plan.ts";

/**
 * The numbers of the tasks that write an internal topic, by tag: one for each partition of each log it is written from. A
 * task that writes under several tags has one number.
 */
export function upstreamRanges(topic: InternalTopic, partitionsOf: (input: string) => number): UpstreamRange[] {
  const ranges = new Map<string, UpstreamRange>();
  let next = 0;
  for (const { input } of topic.inputs) {
    if (ranges.has(input)) continue;
    const from = next;
    next += partitionsOf(input);
    ranges.set(input, { from, to: next });
  }
  return topic.inputs.map(({ input }) => ranges.get(input) ?? { from: 0, to: 0 });
}

/** How many partitions an internal topic has: as given, or as many as the largest of the logs it is written from. */
export function partitionsFor(topic: InternalTopic, partitionsOf: (input: string) => number): number {
  return topic.partitions ?? Math.max(...topic.inputs.map(({ input }) => partitionsOf(input)));
}

/** The task `topic/partition` of a number. */
export function upstreamName(topic: InternalTopic, ranges: readonly UpstreamRange[], upstream: number): string {
  const tag = ranges.findIndex(({ from, to }) => from <= upstream && upstream < to);
  return `${topic.inputs[tag]?.input ?? topic.name}/${upstream - (ranges[tag]?.from ?? 0)}`;
}
