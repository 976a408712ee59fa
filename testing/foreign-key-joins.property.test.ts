import fc from "fast-check";
import { expect, test } from "vitest";
import { every, pipeline } from "../sdk/streams/index.ts";
import { Interleaved } from "./test/interleaved.ts";
import { TopologyTestDriver } from "./topology-test-driver.ts";

interface Order {
  readonly customer: string | null;
  readonly n: number;
}

const joined = pipeline("joined", ({ table }) => {
  const orders = table<Order>("orders", { store: "orders" });
  const customers = table<string>("customers", { store: "customers" });
  const foreignKey = ({ customer }: Order): string | null => customer;
  orders.join(customers, ({ n }, name) => ({ n, name }), { foreignKey, store: "inner" }).to("inner-out");
  orders.leftJoin(customers, ({ n }, name) => ({ n, name }), { foreignKey, store: "left" }).to("left-out");
});

test("a row is joined with the row it names, whichever changes, and leaves silently where it was [JON-14]", () => {
  const driver = new TopologyTestDriver(joined);
  const order = (key: string, value: Order | null, timestampMs: number): void =>
    driver.pipe("orders", { key, value, timestampMs });
  const customer = (key: string, value: string | null, timestampMs: number): void =>
    driver.pipe("customers", { key, value, timestampMs });
  const read = (topic: string): unknown[] =>
    driver.read(topic).map(({ key, value, timestampMs }) => [key, value, timestampMs]);
  order("o1", { customer: "c1", n: 1 }, 1);
  order("o2", { customer: "c1", n: 2 }, 2);
  order("o3", { customer: null, n: 3 }, 3);
  expect(read("inner-out")).toEqual([]);
  expect(read("left-out")).toEqual([
    ["o1", { n: 1, name: null }, 1],
    ["o2", { n: 2, name: null }, 2],
    ["o3", { n: 3, name: null }, 3],
  ]);
  customer("c1", "Ann", 10);
  expect(read("inner-out")).toEqual([
    ["o1", { n: 1, name: "Ann" }, 10],
    ["o2", { n: 2, name: "Ann" }, 10],
  ]);
  customer("c2", "Bob", 20);
  order("o1", { customer: "c2", n: 1 }, 15);
  order("o2", { customer: null, n: 2 }, 16);
  expect(read("inner-out")).toEqual([
    ["o1", { n: 1, name: "Bob" }, 20],
    ["o2", null, 16],
  ]);
  customer("c1", "Anna", 30);
  expect(read("inner-out")).toEqual([]);
  customer("c2", null, 40);
  expect(read("inner-out")).toEqual([["o1", null, 40]]);
  read("left-out");
  order("o1", null, 41);
  order("o1", null, 42);
  order("never", null, 43);
  expect(read("inner-out")).toEqual([]);
  expect(read("left-out")).toEqual([["o1", null, 41]]);
  order("o1", { customer: "c1", n: 9 }, 44);
  expect(read("inner-out")).toEqual([["o1", { n: 9, name: "Anna" }, 44]]);
});

test("one row that cannot be joined keeps no other from it [JON-15]", () => {
  const driver = new TopologyTestDriver(
    pipeline("strict", ({ table }) =>
      table<Order>("orders")
        .join(
          table<string>("customers"),
          ({ n }, name) => {
            if (n === 2) throw new Error("two");
            return [n, name];
          },
          { foreignKey: ({ customer }) => customer },
        )
        .to("out"),
    ),
  );
  for (const n of [1, 2, 3]) driver.pipe("orders", { key: `o${n}`, value: { customer: "c", n } });
  driver.pipe("customers", { key: "c", value: "Ann", timestampMs: 7 });
  expect(driver.read("out").map(({ value }) => value)).toEqual([
    [1, "Ann"],
    [3, "Ann"],
  ]);
  expect(driver.deadLetters).toMatchObject([
    { key: "o2", value: { customer: "c", n: 2 }, error: "two", node: "join-1/match" },
  ]);
});

test("a key that is not text is an error of the row that names it [JON-15]", () => {
  const driver = new TopologyTestDriver(
    pipeline("wrong", ({ table }) =>
      table<Order>("orders").join(table<string>("customers"), ({ n }) => n, { foreignKey: ({ n }) => n as never }),
    ),
  );
  driver.pipe("orders", { key: "o", value: { customer: "c", n: 1 } });
  expect(driver.deadLetters).toMatchObject([{ key: "o", node: "join-1/send" }]);
});

const customer = fc.constantFrom("c1", "c2", "c3");
const change = fc.oneof(
  fc.record({
    topic: fc.constant("orders" as const),
    key: fc.constantFrom("o1", "o2", "o3", "o4"),
    value: fc.option(fc.record({ customer: fc.option(customer), n: fc.nat(9) })),
  }),
  fc.record({
    topic: fc.constant("customers" as const),
    key: customer,
    value: fc.option(fc.constantFrom("Ann", "Bob")),
  }),
);

class Model {
  readonly #orders = new Map<string, Order>();
  readonly #customers = new Map<string, string>();

  take({ topic, key, value }: { topic: string; key: string; value: unknown }): void {
    const rows: Map<string, unknown> = topic === "orders" ? this.#orders : this.#customers;
    if (value === null) rows.delete(key);
    else rows.set(key, value);
  }

  rows(join: "inner" | "left"): ReadonlyMap<string, unknown> {
    const rows = [...this.#orders].flatMap(([key, { customer: named, n }]) => {
      const name = named === null ? undefined : this.#customers.get(named);
      return name === undefined && join === "inner" ? [] : [[key, { n, name: name ?? null }] as const];
    });
    return new Map(rows);
  }
}

test("in the end it has the rows of the tables, in whatever order tasks run and deliver [JON-14, JON-16]", () => {
  fc.assert(
    fc.property(
      fc.array(change, { maxLength: 30, size: "max" }),
      fc.constantFrom(1, 3),
      fc.array(fc.nat(1_000), { minLength: 400, maxLength: 400 }),
      (changes, partitions, choices) => {
        const tasks = new Interleaved(joined.plan, partitions);
        const model = new Model();
        let taken = 0;
        const pick = (count: number): number => (choices[taken++ % choices.length] ?? 0) % Math.max(1, count);
        for (const each of changes) {
          model.take(each);
          tasks.append(each.topic, each);
          for (let steps = pick(4); steps > 0; steps--) tasks.step(pick);
        }
        while (tasks.step(pick));
        expect(tasks.rows("join-1", "inner")).toEqual(model.rows("inner"));
        expect(tasks.rows("leftJoin-1", "left")).toEqual(model.rows("left"));
      },
    ),
    { numRuns: 100 },
  );
});

test("over partitions, in batches and across crashes; a tombstone comes only after a row [JON-14]", () => {
  fc.assert(
    fc.property(
      fc.array(change, { maxLength: 30, size: "max" }),
      fc.constantFrom(1, 3),
      fc.boolean(),
      (changes, partitions, batches) => {
        const driver = new TopologyTestDriver(batches ? joined.trigger(every("1 second")) : joined, { partitions });
        const model = new Model();
        for (const [index, each] of changes.entries()) {
          model.take(each);
          driver.pipe(each.topic, each);
          if (index % 3 === 0) driver.crash();
          if (index % 7 === 0) driver.runBatch();
        }
        driver.runBatch();
        for (const join of ["inner", "left"] as const) {
          const entries = driver.store(join).all();
          expect(new Map(entries.map(({ key, value }) => [key, value]))).toEqual(model.rows(join));
          const rows = new Map<unknown, unknown>();
          for (const { key, value } of driver.read(`${join}-out`)) {
            expect(value !== null || rows.has(key)).toBe(true);
            if (value === null) rows.delete(key);
            else rows.set(key, value);
          }
          expect(rows).toEqual(model.rows(join));
        }
      },
    ),
    { numRuns: 60 },
  );
});
