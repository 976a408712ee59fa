import { expect, test } from "vitest";
import { murmur2 } from "../../schema/murmur2.ts";
import type { ProduceInput } from "../../schema/produce-record.ts";
import { keylessPartition, placeRecords } from "./place.ts";

function record(key: string | null, partition?: number): ProduceInput {
  const bytes = key === null ? null : new TextEncoder().encode(key);
  return { key: bytes, value: null, headers: [], timestampMs: undefined, partition };
}

test("the record's own partition, else that of its key, else the key-less one [PRO-4]", () => {
  const places = placeRecords([record("foobar"), record("foobar", 5), record(null), record(null, 0), record("")], 7, 3);
  const empty = (murmur2(new Uint8Array(0)) & 0x7fffffff) % 7;
  expect(places).toEqual({ ok: true, placed: [(-790_332_482 & 0x7fffffff) % 7, 5, 3, 0, empty] });
});

test("a partition that does not exist is named by its path [PRO-8]", () => {
  const places = placeRecords([record("a"), record("a", 4)], 4, 0);
  expect(places).toMatchObject({ ok: false, code: "unknown_partition", field: "records[1].partition" });
});

test("with a producer the key-less partition is a function of the request [PRO-4]", () => {
  const at = (sequence: number) => keylessPartition({ producerId: "p", epoch: 1, sequence }, 16);
  const text = new TextEncoder().encode("p:1:42");
  expect(at(42)).toBe((murmur2(text) & 0x7fffffff) % 16);
  expect(new Set(Array.from({ length: 200 }, (_, sequence) => at(sequence))).size).toBe(16);
  for (let round = 0; round < 100; round++) expect(keylessPartition(undefined, 3)).toBeLessThan(3);
});
