import { fromD1 } from "../../../../sdk/streams/index.ts";
import { type Family, good, letters, out, passes, read, totals } from "../family.ts";

/** A table of D1 that is there before anything begins. */
export const NAMES = {
  table: "names",
  columns: { grp: "TEXT", name: "TEXT" },
  rows: ["g0", "g1", "g2"].map((grp) => [grp, `name of ${grp}`] as const),
} as const;

/** Each reading with the name of its group, which D1 has of some. */
export const looked: Family = {
  sources: 1,
  outputs: (parts) => [out(parts)],
  define: (builder, parts) =>
    read(builder, parts)
      .leftLookup(
        fromD1(NAMES.table, { columns: NAMES.columns, key: "grp" }),
        (reading, found) => ({ id: good(reading).id, name: found?.name ?? null }),
        // Faults end before the tries do.
        { key: ({ group }) => group, retries: 40, backoff: "100 ms", cache: { entries: 2, ttl: "2 seconds" } },
      )
      .to(out(parts)),
  results: (parts) => [{ kind: "topic", name: out(parts), by: "order" }, letters(parts)],
  again: (parts) => [{ kind: "topic", name: out(parts), by: "bag" }],
};

/** Each reading with the sum of the other topic's in its group, all of which were there before the pipeline began. */
export const costed: Family = {
  sources: 2,
  first: 1,
  outputs: (parts) => [out(parts)],
  define: (builder, parts) => {
    const sums = read(builder, parts, 1)
      .groupBy((row) => good(row).group)
      .aggregate(
        () => 0,
        (sum, { n }) => sum + n,
        { store: "costs" },
      );
    read(builder, parts)
      .selectKey(({ group }) => group)
      .leftJoin(sums, ({ id }, sum) => ({ id, sum }))
      .selectKey(({ id }) => id)
      .toTable({ store: "costed" })
      .to(out(parts));
  },
  results: (parts) => [{ kind: "topic", name: out(parts), by: "last" }],
  plain: ({ readingsOf }, parts) => {
    // What is redriven comes after some of the stream.
    if (parts.redriven) return undefined;
    const sums = new Map(totals(readingsOf(1).filter(passes(parts)), ({ reading }) => [reading.group, reading.n]));
    const costed = readingsOf(0).map(
      ({ reading: { id, group } }) => [id, { id, sum: sums.get(group) ?? null }] as const,
    );
    return { store: "costed", values: costed };
  },
};
