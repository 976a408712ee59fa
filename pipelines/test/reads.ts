// One store of each kind that can be read from outside.
import { listState, mapState, type Pipeline, pipeline, session, tumbling, within } from "../../sdk/streams/index.ts";

export interface Visit {
  readonly page: string;
  readonly ms: number;
}

/** Of two topics `<name>-in` and `<name>-other` with as many partitions. */
export function kept(name: string): Pipeline {
  return pipeline(name, ({ stream, table }) => {
    const visits = stream<Visit>(`${name}-in`);
    visits.groupByKey().count({ store: "counts" });
    visits
      .groupByKey()
      .windowedBy(tumbling({ size: "10 ms", grace: 0 }))
      .count({ store: "tens" });
    visits
      .groupByKey()
      .windowedBy(session({ gap: "5 ms", grace: 0 }))
      .count({ store: "sessions" });
    visits.processValues(
      {
        state: { pages: mapState<number>(), all: listState<string>() },
        record({ page, ms }, _key, { state }) {
          state.pages.set(page, (state.pages.get(page) ?? 0) + ms);
          state.all.append(page);
        },
      },
      { store: "seen" },
    );
    visits.join(stream<number>(`${name}-other`), (visit, other) => ({ ...visit, other }), {
      windows: within("20 ms", { grace: 0 }),
      store: "pairs",
    });
    table<number>(`${name}-prices`, { store: "prices", versioned: { historyRetention: "1 hour" } });
  });
}
