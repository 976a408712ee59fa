import { listState, mapState, onClose, tumbling, valueState } from "../../../../sdk/streams/index.ts";
import { type Family, good, read, out } from "../family.ts";

/** State by hand, and timers. */
export const timers: Family = {
  sources: 1,
  outputs: (parts) => [out(parts)],
  define: (builder, parts) =>
    read(builder, parts)
      .selectKey(({ group }) => group)
      .process({
        state: { sum: valueState<number>(), seen: valueState<string>({ ttl: "4 seconds" }) },
        *record(reading, _key, { state, timers, timestampMs }) {
          state.sum.set((state.sum.get() ?? 0) + reading.n);
          timers.set(timestampMs + 1_000 + 100 * reading.n);
          if (state.seen.get() === undefined) yield { value: good(reading).id };
          state.seen.set(reading.id);
        },
        *timer({ dueMs }, _key, { state }) {
          yield { value: `${dueMs} ${state.sum.get() ?? 0}` };
        },
      })
      .to(out(parts)),
  results: () => [],
};

/** Lists and maps by the topic's own key, and timers that take each other back. */
export const silences: Family = {
  sources: 1,
  outputs: (parts) => [out(parts)],
  define: (builder, parts) =>
    read(builder, parts)
      .processValues(
        {
          state: {
            due: valueState<number>(),
            recent: listState<string>({ ttl: "3 seconds" }),
            groups: mapState<number>({ ttl: "2 seconds" }),
          },
          record(reading, _key, { state, timers, timestampMs }) {
            const before = state.due.get();
            if (before !== undefined) timers.clear(before);
            const dueMs = Math.max(before ?? 0, timestampMs + 1_500);
            state.due.set(dueMs);
            timers.set(dueMs);
            state.recent.append(reading.id);
            state.groups.set(reading.group, (state.groups.get(reading.group) ?? 0) + good(reading).n);
            return [];
          },
          timer(_timer, _key, { state }) {
            state.due.clear();
            return [{ recent: [...state.recent.get()], groups: [...state.groups.entries()] }];
          },
        },
        { store: "silences" },
      )
      .to(out(parts)),
  results: () => [],
};

/** A timer of each record fires once, whether more come or not, and windows that close in quiet wait for what it sends. */
export const reminders: Family = {
  sources: 1,
  outputs: (parts) => [out(parts)],
  define: (builder, parts) => {
    const fired = read(builder, parts)
      .selectKey(({ group }) => group)
      .processValues(
        {
          state: { waiting: valueState<number>() },
          record({ id, n }, _key, { state, timers, timestampMs }) {
            state.waiting.set((state.waiting.get() ?? 0) + 1);
            timers.set(timestampMs + 300 * n, id);
          },
          timer(_timer, _key, { state }) {
            state.waiting.set((state.waiting.get() ?? 0) - 1);
            return [1];
          },
        },
        { closeWhenIdle: "1 second" },
      );
    fired.groupByKey().reduce((sum, one) => sum + one, { store: "fired" });
    fired
      .selectKey(() => "all")
      .groupByKey()
      .windowedBy(tumbling({ size: "2 seconds", grace: "500 ms" }))
      .emit(onClose())
      .closeWhenIdle("1500 ms")
      .reduce((sum, one) => sum + one, { store: "all" })
      .toStream()
      .to(out(parts));
  },
  results: () => [],
  plain: ({ readings }) => {
    const groups = Map.groupBy(readings, ({ reading }) => reading.group);
    return { store: "fired", values: [...groups].map(([group, some]) => [group, some.length]) };
  },
};
