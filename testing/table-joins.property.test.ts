import fc from "fast-check";
import { expect, test } from "vitest";
import { every, pipeline } from "../sdk/streams/index.ts";
import { TopologyTestDriver } from "./topology-test-driver.ts";

const pair = (left: unknown, right: unknown): unknown => [left, right];

const change = fc.record({
  topic: fc.constantFrom("a", "b"),
  key: fc.constantFrom("hot", "hot", "hot", "k", "l", "m"),
  value: fc.oneof(fc.nat(9), fc.constant(null)),
});

test("tables over three partitions are joined as over one, per event and in batches, across crashes [JON-12, JON-13]", () => {
  const joined = pipeline("joined", ({ table }) => {
    const [a, b] = [table("a", { store: "a" }), table("b", { store: "b" })];
    b.to("copy");
    a.outerJoin(b, pair, { store: "joined" })
      .join(b, pair, { store: "twice" })
      .groupBy(() => ({ key: "all", value: 1 }))
      .count({ store: "count" });
  });
  fc.assert(
    fc.property(
      fc.array(change, { maxLength: 40, size: "max" }),
      fc.constantFrom(1, 3),
      fc.boolean(),
      (changes, partitions, batches) => {
        const driver = new TopologyTestDriver(batches ? joined.trigger(every("1 second")) : joined, { partitions });
        const rows = { a: new Map<string, number>(), b: new Map<string, number>() };
        for (const [index, { topic, key, value }] of changes.entries()) {
          driver.pipe(topic, { key, value });
          if (index % 4 === 0) driver.crash();
          const table = rows[topic as "a" | "b"];
          if (value === null) table.delete(key);
          else table.set(key, value);
        }
        driver.runBatch();
        const keys = ["hot", "k", "l", "m"];
        const row = (key: string): unknown => [rows.a.get(key) ?? null, rows.b.get(key) ?? null];
        const store = (name: string): unknown =>
          new Map(
            driver
              .store(name)
              .all()
              .map(({ key, value }) => [key, value]),
          );
        expect(store("joined")).toEqual(
          new Map(keys.filter((key) => rows.a.has(key) || rows.b.has(key)).map((key) => [key, row(key)])),
        );
        const twice = keys.filter((key) => rows.b.has(key));
        expect(store("twice")).toEqual(new Map(twice.map((key) => [key, [row(key), rows.b.get(key)]])));
        expect(driver.store("count").get("all") ?? 0).toBe(twice.length);
      },
    ),
    { numRuns: 40 },
  );
});
