import { type Pipeline, pipeline, tumbling } from "../../../sdk/streams/index.ts";
import { queries } from "../nexmark/queries/all.ts";
import { CATCH_UP_TOPICS, TOPICS } from "./topics.ts";

interface Reading {
  readonly value: number;
}

interface Hour {
  readonly count: number;
  readonly sum: number;
  readonly max: number;
}

/** One-hour windows by key. One for each topic that a run may use: a run begins with an empty state. */
const windows: readonly Pipeline[] = [...TOPICS, ...CATCH_UP_TOPICS].map((topic) =>
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

/** Each waits for its topics: what a run does not make costs it nothing. */
export const pipelines: readonly Pipeline[] = [...windows, ...queries.map((query) => query.pipeline)];
