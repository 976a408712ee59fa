import { onClose, session } from "../../../../sdk/streams/index.ts";
import { type Family, good, type Keyed, LONG, out, passes, read } from "../family.ts";

const GAP_MS = 1_000;

/** Sessions by the topic's own key: that merge, and go when another record joins them. */
export const sessions: Family = {
  sources: 1,
  outputs: (parts) => [out(parts)],
  define: (builder, parts) =>
    read(builder, parts)
      .groupByKey()
      .windowedBy(session({ gap: GAP_MS, grace: parts.late ? "2 seconds" : LONG }))
      .aggregate(
        () => ({ count: 0, sum: 0 }),
        ({ count, sum }, reading) => ({ count: count + 1, sum: sum + good(reading).n }),
        (earlier, later) => ({ count: earlier.count + later.count, sum: earlier.sum + later.sum }),
        { store: "sessions" },
      )
      .toStream()
      .map((totals, { key, start, end }) => ({ key, value: { start, end, ...totals } }))
      .to(out(parts)),
  results: ({ late, batched, ...parts }) => {
    if (late) return [];
    const store = { kind: "store", name: "sessions" } as const;
    return batched ? [store] : [store, { kind: "topic", name: out({ late, batched, ...parts }), by: "order" }];
  },
  again: ({ late }) => (late ? [] : [{ kind: "store", name: "sessions" }]),
  plain: ({ readings }, parts) =>
    parts.late ? undefined : { store: "sessions", values: sessionsOf(readings.filter(passes(parts))) },
};

/** Runs of the times of a key without a pause above the gap. */
function sessionsOf(readings: readonly Keyed[]): (readonly [key: string, { count: number; sum: number }])[] {
  return [...Map.groupBy(readings, ({ key }) => key)].flatMap(([key, some]) => {
    const runs: { count: number; sum: number }[] = [];
    let lastMs = -Infinity;
    for (const { atMs, reading } of some.toSorted((a, b) => a.atMs - b.atMs)) {
      if (atMs - lastMs > GAP_MS) runs.push({ count: 0, sum: 0 });
      const run = runs.at(-1);
      if (run !== undefined) Object.assign(run, { count: run.count + 1, sum: run.sum + reading.n });
      lastMs = atMs;
    }
    return runs.map((run) => [key, run] as const);
  });
}

/** Sessions by another key that are sent once, when they have closed. */
export const visits: Family = {
  sources: 1,
  outputs: (parts) => [out(parts)],
  define: (builder, parts) =>
    read(builder, parts)
      .groupBy(({ group }) => group)
      .windowedBy(session({ gap: "500 ms", grace: "1 second" }))
      .emit(onClose())
      .count({ store: "visits" })
      .toStream()
      .to(out(parts)),
  results: () => [],
};
