import { within } from "../../../../sdk/streams/index.ts";
import { type Family, LONG, read, out } from "../family.ts";
import type { Reading } from "../plan.ts";

/** Each key's readings with those of the other topic in the same group. */
export const pairs: Family = {
  sources: 2,
  outputs: (parts) => [out(parts)],
  define: (builder, parts) =>
    read(builder, parts)
      .selectKey(({ group }) => group)
      .join(
        read(builder, parts, 1).selectKey(({ group }) => group),
        (left, right) => ({ left: left.id, right: right.id }),
        within("1 second", { grace: parts.late ? "1 second" : LONG }),
      )
      .to(out(parts)),
  results: (parts) => (parts.late ? [] : [{ kind: "topic", name: out(parts), by: "bag" }]),
};

/** Those too that match none, also where nothing comes. */
export const unmatched: Family = {
  sources: 2,
  outputs: (parts) => [out(parts)],
  define: (builder, parts) =>
    read(builder, parts)
      .selectKey(({ group }) => group)
      .outerJoin(
        read(builder, parts, 1).selectKey(({ group }) => group),
        (left, right) => ({ left: left?.id ?? null, right: right?.id ?? null }),
        { windows: within("400 ms", { grace: parts.late ? 0 : "2 seconds" }), closeWhenIdle: "1 second" },
      )
      .to(out(parts)),
  results: () => [],
};

/** The key of a row of the second topic, mostly one that is there at some time. */
function rowNamedBy({ n }: Reading): string {
  return `k2${n % 2}-${n % 5}`;
}

/** Rows of one topic with the rows of the other that they name. */
export const references: Family = {
  sources: 2,
  tombstones: true,
  outputs: (parts) => [out(parts)],
  define: ({ table }, parts) =>
    table<Reading>(parts.sources[0] ?? "", { store: "rows" })
      .leftJoin(
        table<Reading>(parts.sources[1] ?? "", { store: "named" }),
        (row, named) => ({ id: row.id, named: named?.id ?? null }),
        { foreignKey: rowNamedBy, store: "references" },
      )
      .to(out(parts)),
  // Whether the time of a row that is gone counts in the result depends on which came first.
  results: () => ["rows", "named"].map((name) => ({ kind: "store", name })),
  plain: ({ rows }) => {
    const named = rows(1);
    const values = [...rows(0)].map(([key, row]) => {
      return [key, { id: row.id, named: named.get(rowNamedBy(row))?.id ?? null }] as const;
    });
    return { store: "references", values };
  },
};

/** Readings with rows of a topic that every partition has whole. Which row depends on what came first. */
export const broadcast: Family = {
  sources: 2,
  tombstones: true,
  outputs: (parts) => [out(parts), `${out(parts)}-rows`],
  define: (builder, parts) => {
    const joined = read(builder, parts).leftJoin(
      builder.globalTable<Reading>(parts.sources[1] ?? ""),
      (reading, row) => ({ id: reading.id, row: row?.id ?? null }),
      { key: rowNamedBy },
    );
    joined.mapValues(({ id }) => id).to(out(parts));
    joined.to(`${out(parts)}-rows`);
  },
  results: (parts) => [{ kind: "topic", name: out(parts), by: "order" }],
};
