// Timers by the clock on the wall, for a test of the engine in workerd.
import { every, manual, type Pipeline, pipeline, type Trigger, valueState } from "../../sdk/streams/index.ts";
import { hooks } from "./hooks.ts";

/** What comes for a key goes out together, a while after the first of it: as many ms as that says. */
const collected = (name: string, trigger?: Trigger): Pipeline => {
  const defined = pipeline(name, ({ stream }) =>
    stream<{ readonly inMs: number }>(`${name}-in`)
      .processValues({
        state: { count: valueState<number>() },
        record({ inMs }, _key, { state, wallClock }) {
          const count = state.count.get() ?? 0;
          if (count === 0) wallClock.set(wallClock.nowMs + inMs, "send");
          state.count.set(count + 1);
        },
        wallClockTimer({ name: timer }, _key, { state }) {
          const count = state.count.get() ?? 0;
          hooks.onValue({ timer, count });
          state.count.clear();
          return [count];
        },
      })
      .to(`${name}-out`),
  );
  return trigger === undefined ? defined : defined.trigger(trigger);
};

export const wallClockPipelines: readonly Pipeline[] = [
  collected("alarmed"),
  collected("alarmed-batches", every("100 ms")),
  collected("alarmed-late"),
  collected("alarmed-loop"),
  collected("alarmed-when-asked", manual()),
  collected("alarmed-paused"),
  collected("alarmed-backlog"),
];
