import { expect } from "vitest";
import { partitionForKey } from "../../../schema/murmur2.ts";
import { expectSame } from "../../test/expect-same.ts";
import type { Expected, Made } from "../expected.ts";
import type { Sent } from "../records.ts";
import type { Input } from "../topics.ts";
import type { Stored, StoredRecord } from "./stored.ts";

const encoder = new TextEncoder();

/** Everything that is stored, against plain code over the arrays: nothing missing, nothing twice, in order for each key. */
export function expectExact(
  stored: Stored,
  expected: Expected,
  sent: { readonly [topic in Input]: readonly Sent<unknown>[] },
): void {
  for (const topic of ["customers", "orders", "payments"] as const) expectTopic(stored.inputs[topic], sent[topic]);
  expectTopic(stored.priced, expected.priced);
  expectTopic(stored.paid, expected.paid);
  expectTopic(stored.counts, expected.counts);
  const orderOf = ({ order }: { order: string }): string => order;
  expectSame(stored.deadLetters.map(orderOf).toSorted(), expected.deadLetters.map(orderOf).toSorted());
  expectSame(stored.sales, expected.sales);
  expectFiles(stored.files, expected);
}

/** Offsets are dense, each key is where it belongs, and its records are those expected in their order. */
function expectTopic(
  partitions: readonly (readonly StoredRecord<unknown>[])[],
  expected: readonly Made<unknown>[],
): void {
  for (const [partition, records] of partitions.entries()) {
    expectSame(
      records.map(({ offset }) => offset),
      records.map((_, index) => index),
    );
    const strangers = records.filter(
      ({ key }) => partitionForKey(encoder.encode(key), partitions.length) !== partition,
    );
    expect(strangers).toEqual([]);
  }
  expectSame(byKey(partitions.flat()), byKey(expected));
}

/** In the order of keys, and for each key in its own order. */
function byKey(records: readonly Made<unknown>[]): Made<unknown>[] {
  return records
    .map(({ key, value, timestampMs }) => ({ key, value, timestampMs }))
    .toSorted((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)));
}

function expectFiles(files: Stored["files"], { paid }: Expected): void {
  const lines = new Map<string, string[]>();
  for (const { value } of paid) {
    const some = lines.get(value.customer);
    if (some === undefined) lines.set(value.customer, [JSON.stringify(value)]);
    else some.push(JSON.stringify(value));
  }
  expect([...files.keys()].toSorted()).toEqual([...lines.keys()].toSorted());
  for (const [path, found] of files) expectSame(found, lines.get(path)?.toSorted() ?? []);
}
