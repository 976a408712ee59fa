import { r2 } from "../../../../sdk/streams/index.ts";
import { type Family, good, read, out, letters } from "../family.ts";

/** No state, and records that throw. */
export const stateless: Family = {
  sources: 1,
  outputs: (parts) => [out(parts)],
  define: (builder, parts) =>
    read(builder, parts)
      .filter(({ n }) => n % 7 !== 3)
      .mapValues((reading) => ({ ...good(reading), twice: 2 * reading.n }))
      .to(out(parts)),
  results: (parts) => [{ kind: "topic", name: out(parts), by: "order" }, letters(parts)],
  again: (parts) => [{ kind: "topic", name: out(parts), by: "bag" }],
};

/** Every record in a file, and as it came in a topic. */
export const archive: Family = {
  sources: 1,
  outputs: (parts) => [out(parts)],
  define: (builder, parts) => {
    const readings = read(builder, parts);
    readings.to(r2(parts.name, { path: ({ group }) => group, roll: "3 seconds", maxFileBytes: 2_000 }));
    readings.to(out(parts));
  },
  results: (parts) => [
    { kind: "files", name: parts.name },
    { kind: "topic", name: out(parts), by: "order" },
  ],
};
