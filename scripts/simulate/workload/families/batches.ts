import { batchSql } from "../../../../sdk/streams/index.ts";
import { type Family, good, out, passes, read, totals } from "../family.ts";

/** All records of a micro-batch at once. */
export const batches: Family = {
  sources: 1,
  batched: true,
  outputs: (parts) => [out(parts)],
  define: (builder, parts) =>
    read(builder, parts)
      .mapBatch((records, { batchId }) => [{ value: { batchId, ids: records.map(({ value }) => good(value).id) } }])
      .to(out(parts)),
  results: () => [],
};

/** SQL over each micro-batch, joined with what it has made of a store. */
export const queried: Family = {
  sources: 1,
  batched: true,
  outputs: (parts) => [out(parts)],
  define: (builder, parts) => {
    const readings = read(builder, parts);
    const sums = readings.groupByKey().aggregate(
      () => 0,
      (sum, { n }) => sum + n,
      { store: "sums" },
    );
    readings
      .batchSql(
        batchSql`
          select batch.key, count(*) as n, sum(batch.value ->> 'n') as here, s.value as so_far
          from batch join ${sums} as s on s.key = batch.key
          group by batch.key order by batch.key`,
      )
      .to(out(parts));
  },
  results: () => [{ kind: "store", name: "sums" }],
  plain: ({ readings }) => ({ store: "sums", values: totals(readings, ({ key, reading }) => [key, reading.n]) }),
};

/** Each micro-batch to a function outside, and counted. */
export const called: Family = {
  sources: 1,
  once: true,
  batched: true,
  outputs: () => [],
  define: (builder, parts) => {
    const readings = read(builder, parts).mapValues(good);
    readings.groupByKey().count({ store: "called" });
    readings.forEachBatch(async (records, { batchId, topic, partition }) => {
      const offsets = records.map(({ offset }) => offset);
      parts.calls.made.push({ place: `${topic}/${partition}`, batchId, offsets });
    });
  },
  results: () => [{ kind: "store", name: "called" }],
  again: () => [{ kind: "store", name: "called" }],
  plain: ({ readings }, parts) => ({
    store: "called",
    values: totals(readings.filter(passes(parts)), ({ key }) => [key, 1]),
  }),
};
