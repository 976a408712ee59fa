import { d1 } from "../../../../sdk/streams/index.ts";
import { type Family, READING_COLUMNS, good, read, out } from "../family.ts";
import type { Reading } from "../plan.ts";

/** The last value of each key, into D1. */
export const latest: Family = {
  sources: 1,
  outputs: () => [],
  define: (builder, parts) =>
    read(builder, parts)
      .toTable({ store: "latest" })
      .toStream()
      .mapValues((reading, key) => ({ key, id: good(reading).id, n: reading.n, grp: reading.group }))
      .to(d1(parts.name, { columns: { key: "TEXT", ...READING_COLUMNS }, primaryKey: ["key"] })),
  // In a micro-batch the one update that is sent may be one that throws.
  results: (parts) => [
    ...(parts.batched ? [] : [{ kind: "table", name: parts.name } as const]),
    { kind: "store", name: "latest" },
  ],
};

/** A topic of rows, in groups: what a row was is taken out of its group. */
export const grouped: Family = {
  sources: 1,
  tombstones: true,
  outputs: (parts) => [out(parts)],
  define: ({ table }, parts) =>
    table<Reading>(parts.sources[0] ?? "", { store: "rows" })
      .groupBy((row) => ({ key: row.group, value: row.n }))
      .aggregate(
        () => 0,
        (sum, n) => sum + n,
        (sum, n) => sum - n,
        { store: "groups" },
      )
      .toStream()
      .to(out(parts)),
  // In a micro-batch a row may pass by a group that it would have come into.
  results: (parts) => [
    { kind: "store", name: "rows" },
    ...(parts.batched
      ? []
      : ([
          { kind: "store", name: "groups" },
          { kind: "topic", name: out(parts), by: "last" },
        ] as const)),
  ],
};
