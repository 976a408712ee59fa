import { BufferConfig, tumbling, untilTimeLimit, untilWindowCloses } from "../../../../sdk/streams/index.ts";
import { type Family, out, read, totals } from "../family.ts";

/** Changes that wait: of each key for a time, with little room, and of windows behind an internal topic for their close. */
export const heldBack: Family = {
  sources: 1,
  outputs: (parts) => [out(parts), `${out(parts)}-final`],
  define: (builder, parts) => {
    const readings = read(builder, parts);
    readings
      .groupByKey()
      .count({ store: "held" })
      .suppress(untilTimeLimit("2 seconds", BufferConfig.maxRecords(3)))
      .to(out(parts));
    readings
      .groupBy(({ group }) => group)
      .windowedBy(tumbling({ size: "2 seconds", grace: "1 second" }))
      .count({ store: "final" })
      .suppress(untilWindowCloses())
      .to(`${out(parts)}-final`);
  },
  results: () => [{ kind: "store", name: "held" }],
  plain: ({ readings }) => ({ store: "held", values: totals(readings, ({ key }) => [key, 1]) }),
};
