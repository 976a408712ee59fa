import { type Pipeline, pipeline, tumbling } from "../../../sdk/streams/index.ts";
import { TOPICS } from "./topics.ts";

interface Reading {
  readonly value: number;
}

interface Hour {
  readonly count: number;
  readonly sum: number;
  readonly max: number;
}

/** One-hour windows by key. One for each topic that a run may use: a run begins with an empty state. */
export const pipelines: readonly Pipeline[] = TOPICS.map((topic) =>
  pipeline(topic, ({ stream }) => {
    stream<Reading>(topic)
      .groupByKey()
      .windowedBy(tumbling({ size: "1 hour", grace: "1 hour" }))
      .aggregate<Hour>(
        () => ({ count: 0, sum: 0, max: 0 }),
        ({ count, sum, max }, { value }) => ({ count: count + 1, sum: sum + value, max: Math.max(max, value) }),
        { store: "hours", retention: "1 day" },
      );
  }),
);
