import { type Duration, sequence } from "../../../../sdk/streams/index.ts";
import { type Family, LONG, out, read } from "../family.ts";
import type { Reading } from "../plan.ts";

const rising = (within: Duration) =>
  sequence<Reading>(within)
    .first("low", ({ n }) => n < 8, { times: [1, 3] })
    .later("high", ({ n }) => n > 12, { unless: ({ n }) => n === 10 });

/** Low readings of a key, then a high one. */
export const patterns: Family = {
  sources: 1,
  outputs: (parts) => [out(parts)],
  define: (builder, parts) =>
    read(builder, parts)
      .match(rising(parts.late ? "2 seconds" : LONG), {
        select: ({ low, high }) => [...low, ...high].map(({ id }) => id),
        skip: "toNext",
        store: "rising",
      })
      .to(out(parts)),
  // How far time has come, and so what is given up, depends on others of the partition.
  results: (parts) => (parts.late ? [] : [{ kind: "topic", name: out(parts), by: "order" }]),
};
