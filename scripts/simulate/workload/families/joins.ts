import { within } from "../../../../sdk/streams/index.ts";
import { type Family, LONG, read, out } from "../family.ts";

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
