// A check that has never caught anything proves nothing.
import { expect, test } from "vitest";
import { partitionForKey } from "../../../schema/murmur2.ts";
import { type Expected, expectedOf, type Made } from "../expected.ts";
import { closingRecords, shopRecords } from "../records.ts";
import { INPUTS, OUTPUTS } from "../topics.ts";
import { expectExact } from "./expect-exact.ts";
import type { Stored, StoredRecord } from "./stored.ts";

const records = shopRecords(7, 400);
const closing = closingRecords();
const expected = expectedOf(records, closing);
const sent = {
  customers: [...records.customers, ...closing.customers],
  orders: [...records.orders, ...closing.orders],
  payments: records.payments,
};
const encoder = new TextEncoder();

function placed<Value>(made: readonly Made<Value>[], partitions: number): StoredRecord<Value>[][] {
  return Array.from({ length: partitions }, (_, partition) =>
    made
      .filter(({ key }) => partitionForKey(encoder.encode(key), partitions) === partition)
      .map((record, offset) => ({ ...record, offset })),
  );
}

function whole(): Stored {
  const files = new Map<string, string[]>();
  for (const { value } of expected.paid)
    files.set(value.customer, [...(files.get(value.customer) ?? []), JSON.stringify(value)].toSorted());
  return {
    inputs: {
      customers: placed(sent.customers, INPUTS.customers),
      orders: placed(sent.orders, INPUTS.orders),
      payments: placed(sent.payments, INPUTS.payments),
    },
    priced: placed(expected.priced, OUTPUTS.priced),
    paid: placed(expected.paid, OUTPUTS.paid),
    counts: placed(expected.counts, OUTPUTS.counts),
    deadLetters: expected.deadLetters,
    sales: expected.sales,
    files,
  };
}

test("the records have what the check is for: payments in time, too late and none, and orders that fail", () => {
  const { paid, deadLetters, sales, counts }: Expected = expected;
  expect(paid.filter(({ value }) => value.paid === null).length).toBeGreaterThan(20);
  expect(paid.length - new Set(paid.map(({ key }) => key)).size).toBeGreaterThan(20);
  expect(records.payments.length).toBeGreaterThan(paid.filter(({ value }) => value.paid !== null).length);
  expect(deadLetters.length).toBeGreaterThan(0);
  expect(sales.length).toBeGreaterThan(0);
  expect(counts.length).toBeGreaterThan(5);
});

test("what is exact passes", () => {
  expectExact(whole(), expected, sent);
});

const stored = whole();
const [customer = "", lines = []] = [...stored.files][0] ?? [];

/** The first partition with one record less, once more, or with two that have changed places. */
function without<Value>([first = [], ...rest]: readonly (readonly StoredRecord<Value>[])[]): StoredRecord<Value>[][] {
  return [first.toSpliced(3, 1).map((record, offset) => ({ ...record, offset })), ...rest.map((each) => [...each])];
}

function twice<Value>([first = [], ...rest]: readonly (readonly StoredRecord<Value>[])[]): StoredRecord<Value>[][] {
  const again = first.toSpliced(3, 0, ...first.slice(3, 4)).map((record, offset) => ({ ...record, offset }));
  return [again, ...rest.map((each) => [...each])];
}

function swapped<Value>([first = [], ...rest]: readonly (readonly StoredRecord<Value>[])[]): StoredRecord<Value>[][] {
  const at = first.findIndex(({ key }, index) => first.slice(index + 1).some((later) => later.key === key));
  const other = first.findIndex(({ key }, index) => index > at && key === first[at]?.key);
  const changed = first.map((record, index) => {
    const from = index === at ? first[other] : index === other ? first[at] : record;
    return { ...(from ?? record), offset: index };
  });
  return [changed, ...rest.map((each) => [...each])];
}

const faults: Record<string, Partial<Stored>> = {
  "an order is lost": { inputs: { ...stored.inputs, orders: without(stored.inputs.orders) } },
  "a payment is stored twice": { inputs: { ...stored.inputs, payments: twice(stored.inputs.payments) } },
  "a priced order is lost": { priced: without(stored.priced) },
  "a priced order comes twice": { priced: twice(stored.priced) },
  "two orders of a customer change places": { priced: swapped(stored.priced) },
  "a payment of an order comes twice": { paid: twice(stored.paid) },
  "two payments of an order change places": { paid: swapped(stored.paid) },
  "a window is not sent": { counts: without(stored.counts) },
  "a window is sent twice": { counts: twice(stored.counts) },
  "a dead letter is missing": { deadLetters: stored.deadLetters.slice(1) },
  "a dead letter comes twice": { deadLetters: [...stored.deadLetters, ...stored.deadLetters.slice(0, 1)] },
  "a row is lost": { sales: stored.sales.slice(1) },
  "a row counts an order twice": {
    sales: stored.sales.map((row, index) => (index === 2 ? { ...row, orders: row.orders + 1 } : row)),
  },
  "a line is lost": { files: new Map([...stored.files, [customer, lines.slice(1)]]) },
  "a line is written twice": { files: new Map([...stored.files, [customer, [...lines, lines[0] ?? ""].toSorted()]]) },
  "a customer's files are missing": { files: new Map([...stored.files].slice(1)) },
};

test.each(Object.entries(faults))("%s: seen", (_, fault) => {
  expect(() => expectExact({ ...whole(), ...fault }, expected, sent)).toThrow();
});
