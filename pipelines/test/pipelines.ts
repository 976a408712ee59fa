// Pipelines that tests of the engine run in workerd, one topic each, so that files sharing a runtime do not meet.
import { d1, every, type Pipeline, pipeline, r2, tumbling } from "../../sdk/streams/index.ts";
import { aggregatePipelines } from "./aggregates.ts";
import { hooks } from "./hooks.ts";
import { internalTopicPipelines } from "./internal-topics.ts";
import { circlePipelines } from "./circles.ts";
import { batchFunctionPipelines } from "./batch-functions.ts";
import { lookupPipelines } from "./lookups.ts";
import { faultyPipelines } from "./faults.ts";
import { errorPipelines } from "./on-error.ts";
import { quietPipelines } from "./quiet.ts";
import { triggerPipelines } from "./triggers.ts";
import { wallClockPipelines } from "./wall-clock.ts";
import { wholeTablePipelines } from "./whole-tables.ts";

export interface Reading {
  readonly n: number;
}

/** Per event: numbers summed by key, every new sum to a topic. A value without `n` throws. */
const sums = pipeline("sums", ({ stream }) =>
  stream<Reading>("sums-in")
    .mapValues((reading) => {
      hooks.onValue(reading);
      if (typeof reading.n !== "number") throw new Error(`n is ${typeof reading.n}`);
      return reading;
    })
    .groupByKey()
    .aggregate(
      () => 0,
      (sum, reading) => sum + reading.n,
      { store: "sums" },
    )
    .toStream()
    .mapValues((sum) => ({ sum }))
    .to("sums-out"),
);

/** In micro-batches: one-minute windows into D1, everything into R2. */
const minutes = pipeline("minutes", ({ stream }) => {
  const readings = stream<Reading>("minutes-in");
  readings
    .filter((reading) => {
      hooks.onValue(reading);
      return true;
    })
    .groupByKey()
    .windowedBy(tumbling({ size: "1 minute", grace: "0 ms" }))
    .aggregate(
      () => ({ count: 0, sum: 0 }),
      (minute, reading) => ({ count: minute.count + 1, sum: minute.sum + reading.n }),
      { store: "minutes" },
    )
    .toStream()
    .mapValues((minute, window) => ({ name: window.key, minute: window.start, ...minute }))
    .to(
      d1("minutes", {
        columns: { name: "TEXT", minute: "INTEGER", count: "INTEGER", sum: "REAL" },
        primaryKey: ["name", "minute"],
      }),
    );
  readings.to(r2("minutes", { roll: "1 hour" }));
}).trigger(every("200 ms"));

/** Rows that a test's own D1 table may refuse, or have no column for. `copies` makes one record large on its way out. */
const rows = pipeline("rows", ({ stream }) =>
  stream<{ readonly id: string; readonly text?: string; readonly copies?: number }>("rows-in")
    .flatMap(({ id, text = "", copies = 1 }) =>
      Array.from({ length: copies }, (_, copy) => ({
        key: null,
        value: { id: copies === 1 ? id : `${id}-${copy}`, text: copies === 1 ? text : text.repeat(900_000) },
      })),
    )
    .to(d1("rows", { columns: { id: "TEXT", text: "TEXT" }, primaryKey: ["id"] })),
);

/** For tests of deploys that do not fit: a store and an output. */
const copy = pipeline("copy", ({ stream }) =>
  stream<Reading>("copy-in").groupByKey().count({ store: "copies" }).toStream().to("copy-out"),
);

const ticks = pipeline("ticks", ({ stream }) => {
  stream<Reading>("ticks-in").groupByKey().count({ store: "ticks" });
}).trigger(every("300 ms"));

/** For tests of a newer incarnation: a total in D1. */
const former = pipeline("former", ({ stream }) =>
  stream<Reading>("former-in")
    .groupByKey()
    .aggregate(
      () => 0,
      (total, { n }) => total + n,
      { store: "totals" },
    )
    .toStream()
    .mapValues((total, key) => ({ id: key ?? "", total }))
    .to(d1("former", { columns: { id: "TEXT", total: "INTEGER" }, primaryKey: ["id"] })),
);

/** Sums by key for a producer that waits for them. */
const awaited = pipeline("awaited", ({ stream }) =>
  stream<Reading>("awaited-in")
    .peek((reading) => hooks.onValue(reading))
    .groupByKey()
    .aggregate(
      () => 0,
      (sum, { n }) => sum + n,
    )
    .toStream()
    .mapValues((sum) => ({ sum }))
    .to("awaited-out"),
);

/** Counts behind an internal topic, to be begun anew. */
const resettable = pipeline("resettable", ({ stream }) =>
  stream<Reading>("resettable-in")
    .selectKey(({ n }) => (n % 2 === 0 ? "even" : "odd"))
    .groupByKey()
    .count({ store: "counts" })
    .to("resettable-out"),
);

/** A table and files, to be emptied; grouped behind an internal topic. */
const emptied = pipeline("emptied", ({ stream }) => {
  const readings = stream<Reading>("emptied-in");
  readings.to(r2("emptied/files", { roll: "50 ms" }));
  readings
    .selectKey(({ n }) => `${n}`)
    .groupByKey()
    .count({ store: "counts" })
    .toStream()
    .mapValues((count, id) => ({ id, count }))
    .to(d1("emptied", { columns: { id: "TEXT", count: "INTEGER" }, primaryKey: ["id"] }));
});

/** For a test in which its output goes. */
const lost = pipeline("lost", ({ stream }) => stream<Reading>("lost-in").to("lost-out"));

/** For tests of what its topics may not do while it runs. */
const held = pipeline("held", ({ stream }) => stream("held-in").to("held-out"));

export const testPipelines: readonly Pipeline[] = [
  sums,
  minutes,
  rows,
  copy,
  ticks,
  former,
  awaited,
  resettable,
  emptied,
  lost,
  held,
  ...aggregatePipelines,
  ...internalTopicPipelines,
  ...triggerPipelines,
  ...circlePipelines,
  ...errorPipelines,
  ...lookupPipelines,
  ...batchFunctionPipelines,
  ...quietPipelines,
  ...wallClockPipelines,
  ...faultyPipelines,
  ...wholeTablePipelines,
];
