import { type Family, LONG, read, out } from "../family.ts";

/** The first record of each id, and its repetitions not. */
export const once: Family = {
  sources: 1,
  outputs: (parts) => [out(parts)],
  define: (builder, parts) =>
    read(builder, parts)
      .dedup({ within: parts.late ? "3 seconds" : LONG, id: ({ n }) => `${n % 10}` })
      .to(out(parts)),
  results: (parts) => (parts.late ? [] : [{ kind: "topic", name: out(parts), by: "order" }]),
};
