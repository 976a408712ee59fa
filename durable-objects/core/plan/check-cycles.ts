import type { Plan } from "../../../schema/plan.ts";
import { invalid, type Problem } from "./problem.ts";

/**
 * Records must not go round without anybody having said so: every pipeline on a way from a topic back to it has
 * `allowCycle`, since each alone can end the round, or keep it going (PLN-12). Dead letters are written too. Versions of one
 * name never write beside each other, so no way leads through two of the pipeline that it is looked for.
 */
export function cycleProblem(plans: readonly Plan[]): Problem {
  for (const [index, plan] of plans.entries()) {
    if (plan.allowCycle === true) continue;
    const others = plans.filter(({ name }) => name !== plan.name);
    const round = roundFrom(plan, others);
    if (round === undefined) continue;
    const way = round.map(({ plan: { name }, topic }) => `"${name}" → ${topic}`).join(" → ");
    return invalid(
      `pipelines[${index}].allowCycle`,
      `pipelines feed each other in a circle: ${way} → "${plan.name}"`,
      "Write to another topic, or, where the records stop by themselves, say .allowCycle() of each of these pipelines.",
    );
  }
  return undefined;
}

/** A pipeline, and the topic by which it feeds the next. */
interface Step {
  readonly plan: Plan;
  readonly topic: string;
}

/** The shortest way of a plan's records back to it. */
function roundFrom(start: Plan, others: readonly Plan[]): readonly Step[] | undefined {
  const seen = new Set<string>();
  let ways: (readonly Step[])[] = writtenBy(start).map((topic) => [{ plan: start, topic }]);
  while (ways.length > 0) {
    const longer: (readonly Step[])[] = [];
    for (const way of ways) {
      const topic = way.at(-1)?.topic ?? "";
      if (seen.has(topic)) continue;
      seen.add(topic);
      // One that writes what it reads itself is refused by itself.
      if (way.length > 1 && reads(start, topic)) return way;
      for (const plan of others.filter((each) => reads(each, topic)))
        longer.push(...writtenBy(plan).map((next) => [...way, { plan, topic: next }]));
    }
    ways = longer;
  }
  return undefined;
}

function reads({ nodes }: Plan, topic: string): boolean {
  return nodes.some((node) => node.kind === "source" && node.topic === topic);
}

function writtenBy({ nodes, deadLetterTopic }: Plan): string[] {
  const written = nodes.flatMap((node) =>
    node.kind === "sink" && node.sink.kind === "topic" ? [node.sink.topic] : [],
  );
  return [...new Set([...written, deadLetterTopic])];
}
