import { d1 } from "../../../../sdk/streams/index.ts";
import { type Family, good, read, out, letters, passes, updates, totals } from "../family.ts";
import type { Reading } from "../plan.ts";

/** Counts by another key: an internal topic. */
export const counts: Family = {
  sources: 1,
  outputs: (parts) => [out(parts)],
  define: (builder, parts) =>
    read(builder, parts)
      .groupBy((reading) => good(reading).group)
      .count({ store: "counts" })
      .toStream()
      .to(out(parts)),
  results: (parts) => [
    { kind: "topic", name: out(parts), by: "last" },
    { kind: "store", name: "counts" },
    letters(parts),
  ],
  again: () => [{ kind: "store", name: "counts" }],
  plain: ({ readings }, parts) => ({
    store: "counts",
    values: totals(readings.filter(passes(parts)), ({ reading }) => [reading.group, 1]),
  }),
};

/** Two topics in one internal topic, sums by group into R2. */
export const merged: Family = {
  sources: 2,
  outputs: (parts) => [out(parts)],
  define: (builder, parts) =>
    read(builder, parts)
      .merge(read(builder, parts, 1))
      .groupBy((reading) => good(reading).group)
      .aggregate(
        () => 0,
        (sum, { n }) => sum + n,
        { store: "sums" },
      )
      .toStream()
      .to(out(parts)),
  results: (parts) => [
    { kind: "topic", name: out(parts), by: "last" },
    { kind: "store", name: "sums" },
    letters(parts),
  ],
  again: () => [{ kind: "store", name: "sums" }],
  plain: ({ readings }, parts) => ({
    store: "sums",
    values: totals(readings.filter(passes(parts)), ({ reading }) => [reading.group, reading.n]),
  }),
};

/** A record that fails behind the state that it has changed. */
export const undone: Family = {
  sources: 1,
  outputs: (parts) => [out(parts)],
  define: (builder, parts) =>
    read(builder, parts)
      .groupByKey()
      .aggregate(
        () => ({ sum: 0, last: undefined as Reading | undefined }),
        ({ sum }, reading) => ({ sum: sum + reading.n, last: reading }),
        { store: "undone" },
      )
      .toStream()
      .mapValues(({ sum, last }) => ({ sum, id: last && good(last).id }))
      .to(out(parts)),
  results: (parts) => (parts.batched ? [] : [updates(parts), { kind: "store", name: "undone" }, letters(parts)]),
  plain: ({ readings }, parts) => {
    if (parts.batched || parts.redriven) return undefined;
    const taken = readings.filter(passes(parts));
    const last = new Map(taken.map(({ key, reading }) => [key, reading]));
    const sums = totals(taken, ({ key, reading }) => [key, reading.n]);
    return { store: "undone", values: sums.map(([key, sum]) => [key, { sum, last: last.get(key) }]) };
  },
};

/** A topic and a table at once, from one record. */
export const twice: Family = {
  sources: 1,
  outputs: (parts) => [out(parts)],
  define: (builder, parts) => {
    const counted = read(builder, parts).groupByKey().count({ store: "counted" }).toStream();
    counted.to(out(parts));
    counted
      .mapValues((count, key) => ({ key, count }))
      .to(d1(parts.name, { columns: { key: "TEXT", count: "INTEGER" }, primaryKey: ["key"] }));
  },
  results: (parts) => [updates(parts), { kind: "table", name: parts.name }, { kind: "store", name: "counted" }],
};
