// What closes when nothing comes, for a test of the engine in workerd.
import { every, onClose, type Pipeline, pipeline, tumbling, within } from "../../sdk/streams/index.ts";
import { hooks } from "./hooks.ts";

/** What a test lets the async function of `calm-calls` do. */
export const calls: { onBatch: (batchId: number, values: readonly unknown[]) => Promise<void> } = {
  onBatch: () => Promise.resolve(),
};

/** Behind an internal topic. */
const counts = (name: string): Pipeline =>
  pipeline(name, ({ stream }) =>
    stream(`${name}-in`)
      .selectKey(() => "all")
      .groupByKey()
      .windowedBy(tumbling({ size: "1 second", grace: 0 }))
      .emit(onClose())
      .closeWhenIdle("500 ms")
      .count()
      .toStream()
      .unwindow((count, { start }) => ({ start, count }))
      .peek((value) => hooks.onValue(value))
      .to(`${name}-out`),
  );

/** In the task that reads the topic. */
const closed = (name: string, quiet: "500 ms" | "1 minute"): Pipeline =>
  pipeline(name, ({ stream }) =>
    stream(`${name}-in`)
      .groupByKey()
      .windowedBy(tumbling({ size: "1 second", grace: 0 }))
      .emit(onClose())
      .closeWhenIdle(quiet)
      .count()
      .toStream()
      .unwindow((count, { start }) => ({ start, count }))
      .peek((value) => hooks.onValue(value))
      .to(`${name}-out`),
  );

/** To an async function. */
const called = (name: string, quiet: "500 ms" | "1 minute"): Pipeline =>
  pipeline(name, ({ stream }) =>
    stream(`${name}-in`)
      .groupByKey()
      .windowedBy(tumbling({ size: "1 second", grace: 0 }))
      .emit(onClose())
      .closeWhenIdle(quiet)
      .count()
      .toStream()
      .unwindow((count, { start }) => ({ start, count }))
      .peek((value) => hooks.onValue(value))
      .forEachBatch((records, { batchId }) =>
        calls.onBatch(
          batchId,
          records.map(({ value }) => value),
        ),
      ),
  ).trigger(every("100 ms"));

/** The same, of records that may be dead letters. */
const calledAgain = pipeline("calm-redriven", ({ stream }) =>
  stream("calm-redriven-in")
    .peek((value) => hooks.onValue(value))
    .groupByKey()
    .windowedBy(tumbling({ size: "1 second", grace: 0 }))
    .emit(onClose())
    .closeWhenIdle("1 minute")
    .count()
    .toStream()
    .unwindow((count, { start }) => ({ start, count }))
    .forEachBatch((records, { batchId }) =>
      calls.onBatch(
        batchId,
        records.map(({ value }) => value),
      ),
    ),
).trigger(every("100 ms"));

export const quietPipelines: readonly Pipeline[] = [
  counts("calm"),
  counts("calm-batches").trigger(every("100 ms")),
  closed("calm-crash", "1 minute"),
  closed("calm-loop", "1 minute"),
  closed("calm-outage", "1 minute"),
  pipeline("calm-join", ({ stream }) =>
    stream<number>("calm-join-in")
      .leftJoin(stream<number>("calm-join-others"), (left, right) => [left, right ?? null], {
        windows: within("1 second", { grace: 0 }),
        closeWhenIdle: "500 ms",
      })
      .to("calm-join-out"),
  ),
  pipeline("calm-timers", ({ stream }) =>
    stream<number>("calm-timers-in")
      .processValues(
        {
          state: {},
          record: (_value, _key, { timers, timestampMs }) => timers.set(timestampMs + 700),
          timer: ({ dueMs }) => [dueMs],
        },
        { closeWhenIdle: "500 ms" },
      )
      .to("calm-timers-out"),
  ),
  called("calm-calls", "500 ms"),
  called("calm-calls-loop", "1 minute"),
  calledAgain,
];
