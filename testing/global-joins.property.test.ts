import fc from "fast-check";
import { expect, test } from "vitest";
import { every } from "../sdk/streams/index.ts";
import { TopologyTestDriver } from "./topology-test-driver.ts";
import { type Order, joined } from "./test/orders-and-rates.ts";

const event = fc.oneof(
  fc.record({
    topic: fc.constant("rates"),
    key: fc.constantFrom("EUR", "USD"),
    value: fc.option(fc.nat(9)),
  }),
  fc.record({
    topic: fc.constant("orders"),
    key: fc.constantFrom("a", "b", "c"),
    value: fc.record({ currency: fc.constantFrom("EUR", "USD", null), n: fc.nat(9) }),
  }),
);

test("each record finds the row that came before it, whatever the partitions, triggers and crashes [JON-17]", () => {
  fc.assert(
    fc.property(
      fc.array(event, { maxLength: 40, size: "max" }),
      fc.constantFrom(1, 3),
      fc.boolean(),
      (events, partitions, batches) => {
        const driver = new TopologyTestDriver(batches ? joined.trigger(every("1 second")) : joined, { partitions });
        const rates = new Map<string, number>();
        const expected: unknown[] = [];
        for (const [index, each] of events.entries()) {
          driver.pipe(each.topic, each);
          if (batches) driver.runBatch();
          if (index % 3 === 0) driver.crash();
          if (each.topic === "orders") {
            const { currency, n } = each.value as Order;
            expected.push({ n, rate: rates.get(currency ?? "") ?? null });
          } else if (each.value === null) rates.delete(each.key);
          else rates.set(each.key, each.value as number);
        }
        expect(driver.read("left").map(({ value }) => value)).toEqual(expected);
        const found = expected.filter((row) => (row as { rate: number | null }).rate !== null);
        expect(driver.read("inner").map(({ value }) => value)).toEqual(found);
      },
    ),
    { numRuns: 60 },
  );
});
