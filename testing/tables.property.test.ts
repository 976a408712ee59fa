import fc from "fast-check";
import { expect, test } from "vitest";
import { every, pipeline, type Pipeline, type PipelineBuilder } from "../sdk/streams/index.ts";
import { type Piped, rowsOf, runSliced, type Sliced } from "./test/slices.ts";
import type { TopologyTestDriver } from "./topology-test-driver.ts";

/** Hundreds of whole runs a test: on a busy machine more than the 5 s of a unit test. */
const TIMEOUT_MS = 60_000;

interface Order {
  readonly customer: string | null;
  readonly amount: number;
}

const order = fc.record({
  customer: fc.constantFrom("x", "y", "z", null),
  amount: fc.integer({ min: -3, max: 9 }),
});
const changes = fc.array(
  fc.record({
    topic: fc.constant("orders"),
    key: fc.constantFrom("a", "b", "c", "d", "e"),
    value: fc.option(order, { freq: 4 }),
    timestampMs: fc.nat(50),
  }),
  { maxLength: 30 },
);
const slicing = fc.record({
  size: fc.integer({ min: 1, max: 9 }),
  crash: fc.boolean(),
  partitions: fc.constantFrom(1, 3),
});

/** Rows above 2, doubled, in groups by customer. `stores`: each step keeps its rows. */
const define =
  (stores: boolean) =>
  ({ table }: PipelineBuilder): void => {
    const doubled = table<Order>("orders", { store: "orders" })
      .filter(({ amount }) => amount > 2, stores ? { store: "large" } : {})
      .mapValues(({ customer, amount }) => ({ customer, amount: 2 * amount }), stores ? { store: "doubled" } : {});
    doubled.to("doubled");
    doubled.filterNot(({ amount }) => amount === 8, stores ? { store: "not-8" } : {}).to("not-8");
    const grouped = doubled.groupBy(({ customer, amount }) => ({ key: customer, value: amount }));
    grouped.count({ store: "counts" }).to("counts");
    grouped
      .reduce(
        (sum, amount) => sum + amount,
        (sum, amount) => sum - amount,
        { store: "sums" },
      )
      .to("sums");
    grouped
      .aggregate<number[] | null>(
        () => [],
        (amounts, amount) => [...(amounts ?? []), amount].toSorted((a, b) => a - b),
        (amounts, amount) => without(amounts ?? [], amount),
        { store: "amounts" },
      )
      .to("amounts");
  };

function without(amounts: readonly number[], amount: number): number[] | null {
  const left = amounts.toSpliced(amounts.indexOf(amount), 1);
  return left.length === 0 ? null : left;
}

const subject = pipeline("groups", define(false));
const stored = pipeline("groups", define(true));
const batched = subject.trigger(every("1 second"));
const topics = ["doubled", "not-8", "counts", "sums", "amounts"];

function outputs(driver: TopologyTestDriver): unknown {
  expect(driver.counters.deadLetters).toBe(0);
  return topics.map((topic) => rowsOf(driver.read(topic)));
}

/** By key: the last value, and nothing for a key that has gone. */
function last(driver: TopologyTestDriver, topic: string): Map<unknown, unknown> {
  const values = new Map(rowsOf(driver.read(topic)).map(([key, value]) => [key, value]));
  for (const [key, value] of values) if (value === null) values.delete(key);
  return values;
}

/** The rows that the table ends with, and what follows from them. */
function fromScratch(records: readonly Piped[]): { readonly [topic: string]: Map<string, unknown> } {
  const rows = new Map<string, Order>();
  for (const { key, value } of records) {
    if (value === null) rows.delete(key as string);
    else rows.set(key as string, value as Order);
  }
  const doubled = [...rows]
    .filter(([, { amount }]) => amount > 2)
    .map(([key, { customer, amount }]) => [key, { customer, amount: 2 * amount }] as const);
  const amounts = new Map<string, number[]>();
  for (const [, { customer, amount }] of doubled) {
    if (customer !== null)
      amounts.set(
        customer,
        [...(amounts.get(customer) ?? []), amount].toSorted((a, b) => a - b),
      );
  }
  return {
    doubled: new Map(doubled),
    "not-8": new Map(doubled.filter(([, { amount }]) => amount !== 8)),
    counts: new Map([...amounts].map(([key, all]) => [key, all.length])),
    sums: new Map([...amounts].map(([key, all]) => [key, all.reduce((a, b) => a + b, 0)])),
    amounts,
  };
}

function expectFromScratch(driver: TopologyTestDriver, records: readonly Piped[]): void {
  expect(driver.counters.deadLetters).toBe(0);
  const expected = fromScratch(records);
  for (const topic of topics) {
    // A group that has lost its rows stays, at nothing.
    const found = [...last(driver, topic)].filter(([, value]) => value !== 0);
    expect([topic, new Map(found)]).toEqual([topic, expected[topic]]);
  }
}

function each(body: (records: readonly Piped[], how: Sliced) => void): void {
  fc.assert(fc.property(changes, slicing, body), { numRuns: 150 });
}

test(
  "per event, any slicing and crash: what comes out is of the rows there are [TBL-5]",
  { timeout: TIMEOUT_MS },
  () => {
    each((records, how) => expectFromScratch(runSliced(subject, records, how), records));
  },
);

test("in micro-batches too [TBL-5, AGG-7]", { timeout: TIMEOUT_MS }, () => {
  each((records, how) => expectFromScratch(runSliced(batched, records, how), records));
});

test("with stores of their own the steps send the same [TBL-3, TBL-4]", { timeout: TIMEOUT_MS }, () => {
  each((records, { partitions }) => {
    const plain = runSliced(subject, records, { partitions });
    const kept = runSliced(stored, records, { size: 4, crash: true, partitions });
    if (partitions === 1) expect(outputs(kept)).toEqual(outputs(plain));
    else expectFromScratch(kept, records);
    const rows = kept.store("doubled").all();
    expect(new Map(rows.map(({ key, value }) => [key, value]))).toEqual(fromScratch(records)["doubled"]);
  });
});

test("slices and crashes change nothing of what is sent [TSK-1]", { timeout: TIMEOUT_MS }, () => {
  const run = (of: Pipeline, records: readonly Piped[], how: Sliced): unknown => outputs(runSliced(of, records, how));
  each((records, { size, crash }) => {
    expect(run(subject, records, { size, crash })).toEqual(run(subject, records, {}));
    expect(run(batched, records, { size, crash: true })).toEqual(run(batched, records, { size }));
  });
});
