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
