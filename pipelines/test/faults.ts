// Pipelines whose objects are ended at every step, for a test of the engine in workerd.
import { d1, every, type Pipeline, pipeline, r2, tumbling, within } from "../../sdk/streams/index.ts";

export interface Move {
  readonly id: string;
  /** What both sides are joined by. */
  readonly group: string;
  readonly n: number;
}

export interface Pair {
  readonly left: string;
  readonly right: string;
  readonly n: number;
}

/** Two topics joined behind an internal topic, and the pairs in a topic, in files, and by windows of 2 seconds in D1. */
function faulty(name: string, table: string): Pipeline {
  return pipeline(name, ({ stream }) => {
    const pairs = stream<Move>(`${name}-a`)
      .selectKey(({ group }) => group)
      .join(
        stream<Move>(`${name}-b`).selectKey(({ group }) => group),
        (left, right): Pair => ({ left: left.id, right: right.id, n: left.n * right.n }),
        within("3 seconds", { grace: "7 days" }),
      );
    pairs.to(`${name}-out`);
    pairs.to(r2(name, { path: (_, group) => group, roll: "1 hour" }));
    pairs
      .groupByKey()
      .windowedBy(tumbling({ size: "2 seconds", grace: "7 days" }))
      .aggregate(
        () => ({ pairs: 0, sum: 0 }),
        (window, { n }) => ({ pairs: window.pairs + 1, sum: window.sum + n }),
        { store: "windows", retention: "30 days" },
      )
      .toStream()
      .mapValues((window, { key, start }) => ({ name: key, start, ...window }))
      .to(
        d1(table, {
          columns: { name: "TEXT", start: "INTEGER", pairs: "INTEGER", sum: "INTEGER" },
          primaryKey: ["name", "start"],
        }),
      );
  });
}

export const faultyPipelines: readonly Pipeline[] = [
  faulty("faulty-events", "faulty_events"),
  faulty("faulty-batches", "faulty_batches").trigger(every("100 ms")),
];
