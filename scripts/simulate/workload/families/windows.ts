import { d1, onClose, tumbling } from "../../../../sdk/streams/index.ts";
import { type Family, LONG, good, out, type Parts, read, type Result } from "../family.ts";

/** Windows by the topic's own key, into D1. */
export const windows: Family = {
  sources: 1,
  outputs: () => [],
  define: (builder, parts) =>
    read(builder, parts)
      .groupByKey()
      .windowedBy(tumbling({ size: "5 seconds", grace: parts.late ? "2 seconds" : LONG }))
      .aggregate(
        () => ({ count: 0, sum: 0 }),
        (window, reading) => ({ count: window.count + 1, sum: window.sum + good(reading).n }),
        { store: "windows" },
      )
      .toStream()
      .mapValues((window, key) => ({ name: key.key, start: key.start, ...window }))
      .to(
        d1(parts.name, {
          columns: { name: "TEXT", start: "INTEGER", count: "INTEGER", sum: "INTEGER" },
          primaryKey: ["name", "start"],
        }),
      ),
  results: inTime,
  again: inTime,
};

function inTime({ late, name }: Parts): readonly Result[] {
  if (late) return [];
  return [
    { kind: "table", name },
    { kind: "store", name: "windows" },
  ];
}

/** Windows by another key that are sent once, when all that send to them have come so far. */
export const closed: Family = {
  sources: 1,
  outputs: (parts) => [out(parts)],
  define: (builder, parts) =>
    read(builder, parts)
      .selectKey(({ group }) => group)
      .groupByKey()
      .windowedBy(tumbling({ size: "2 seconds", grace: "1 second" }))
      .emit(onClose())
      .count({ store: "closed" })
      .toStream()
      .to(out(parts)),
  results: () => [],
};

/** The same, also where nothing comes, after less than the producers pause; what closed goes into windows once more. */
export const quiet: Family = {
  sources: 1,
  outputs: (parts) => [out(parts)],
  define: (builder, parts) => {
    const counts = read(builder, parts)
      .selectKey(({ group }) => group)
      .groupByKey()
      .windowedBy(tumbling({ size: "2 seconds", grace: "500 ms" }))
      .emit(onClose())
      .closeWhenIdle("1 second")
      .count({ store: "closed" });
    const closed = counts.toStream().unwindow((count) => count);
    closed
      .merge(counts.late().mapValues(() => 1))
      .groupByKey()
      .reduce((sum, count) => sum + count, { store: "seen" });
    closed
      .selectKey(() => "all")
      .groupByKey()
      .windowedBy(tumbling({ size: "4 seconds", grace: "1 second" }))
      .emit(onClose())
      .closeWhenIdle("3 seconds")
      .reduce((sum, count) => sum + count, { store: "all" })
      .toStream()
      .to(out(parts));
  },
  results: () => [],
  // Each record is in one window that has closed, or was late.
  plain: ({ readings }) => {
    const groups = Map.groupBy(readings, ({ reading }) => reading.group);
    return { store: "seen", values: [...groups].map(([group, some]) => [group, some.length]) };
  },
};
