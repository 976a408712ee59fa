import { valueState } from "../../../../sdk/streams/index.ts";
import { type Family, out, read } from "../family.ts";

/** Timers by the clock on the wall, in one operator behind another, cleared and set again by records and by themselves. */
export const alarms: Family = {
  sources: 1,
  outputs: (parts) => [out(parts)],
  define: (builder, parts) =>
    read(builder, parts)
      .selectKey(({ group }) => group)
      .processValues({
        state: { waiting: valueState<string[]>(), firstMs: valueState<number>() },
        record(reading, _key, { state, wallClock }) {
          const before = state.firstMs.get();
          if (before !== undefined) wallClock.clear(before + 800, "flush");
          state.firstMs.set(wallClock.nowMs);
          state.waiting.set([...(state.waiting.get() ?? []), reading.id]);
          wallClock.set(wallClock.nowMs + 800, "flush");
          if (reading.n % 5 === 0) wallClock.set(wallClock.nowMs + 100 * reading.n, reading.id);
        },
        wallClockTimer({ name, dueMs }, _key, { state, wallClock }) {
          const waiting = state.waiting.get() ?? [];
          if (name === "flush") state.waiting.clear();
          return [{ name, lateMs: wallClock.nowMs - dueMs, waiting }];
        },
      })
      .processValues({
        state: { count: valueState<number>() },
        record(value, _key, { state, wallClock }) {
          state.count.set((state.count.get() ?? 0) + 1);
          if (state.count.get() === 1) wallClock.set(wallClock.nowMs + 1_500);
          return [value];
        },
        wallClockTimer({ dueMs }, key, { state, wallClock }) {
          const count = state.count.get() ?? 0;
          if (count < 5) wallClock.set(wallClock.nowMs + 1_500);
          state.count.set(count + 5);
          return [{ name: key, lateMs: wallClock.nowMs - dueMs, waiting: [`${count}`] }];
        },
      })
      .to(out(parts)),
  results: () => [],
};
