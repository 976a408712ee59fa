import { parkKey, retry } from "../../../../sdk/streams/index.ts";
import { type Family, good, letters, out, passes, read, totals, updates } from "../family.ts";

/** How often a reading fails that does so for a while. */
const FAILS = 2;

/** Records that are tried again: some pass then, some never. */
export const retried: Family = {
  sources: 1,
  onError: retry(FAILS + 1, { backoff: "200 ms" }),
  outputs: (parts) => [out(parts)],
  define: (builder, parts) => {
    const failures = new Map<string, number>();
    read(builder, parts)
      .peek(({ id, n }) => {
        const before = failures.get(id) ?? 0;
        if (n % 5 !== 0 || before >= FAILS) return;
        failures.set(id, before + 1);
        throw new Error("not yet");
      })
      .mapValues(good)
      .groupByKey()
      .count({ store: "retried" })
      .toStream()
      .to(out(parts));
  },
  results: (parts) => [updates(parts), { kind: "store", name: "retried" }, letters(parts)],
  again: () => [{ kind: "store", name: "retried" }],
  plain: ({ readings }, parts) => ({
    store: "retried",
    values: totals(readings.filter(passes(parts)), ({ key }) => [key, 1]),
  }),
};

/** Behind a record that fails all others of its key wait, as dead letters in their order. */
export const parked: Family = {
  sources: 1,
  onError: parkKey(),
  outputs: (parts) => [out(parts)],
  define: (builder, parts) =>
    read(builder, parts).mapValues(good).groupByKey().count({ store: "passed" }).toStream().to(out(parts)),
  results: (parts) => [
    updates(parts),
    { kind: "store", name: "passed" },
    { kind: "topic", name: `${parts.name}.dead-letters`, by: "order" },
  ],
  // Whenever they are redriven, the records of a key come in their order.
  again: (parts) => [updates(parts), { kind: "store", name: "passed" }],
  plain: ({ readings }, parts) => {
    const failed = new Set<string>();
    const passed = readings.filter((each) => {
      if (!passes(parts)(each)) failed.add(each.key);
      return !failed.has(each.key);
    });
    return { store: "passed", values: totals(passed, ({ key }) => [key, 1]) };
  },
};
