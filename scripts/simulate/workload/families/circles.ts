import { type Family, out, type Parts, read, type Sent } from "../family.ts";
import type { Reading } from "../plan.ts";

/** Records go round as often as this before they leave. */
const ROUNDS = 4;

interface Round extends Reading {
  readonly left: number;
}

const loop = ({ name }: Parts): string => `${name}-loop`;

/** Records that come back to the pipeline that wrote them, some of them several times. */
export const rounds: Family = {
  sources: 1,
  // A new incarnation would find in its topic what the former one wrote.
  once: true,
  outputs: (parts) => [loop(parts), out(parts)],
  define: (builder, parts) => {
    read(builder, parts)
      .mapValues((reading): Round => ({ ...reading, left: reading.n % ROUNDS }))
      .to(loop(parts));
    const going = builder.stream<Round>(loop(parts));
    going.groupByKey().count({ store: "visits" });
    going
      .filter(({ left }) => left > 0)
      .mapValues((round) => ({ ...round, left: round.left - 1 }))
      .to(loop(parts));
    going.filter(({ left }) => left === 0).to(out(parts));
  },
  allowCycle: true,
  results: (parts) => [{ kind: "topic", name: out(parts), by: "bag" }],
  plain: ({ readings }: Sent) => {
    const visits = new Map<string, number>();
    for (const { key, reading } of readings) visits.set(key, (visits.get(key) ?? 0) + 1 + (reading.n % ROUNDS));
    return { store: "visits", values: [...visits] };
  },
};
