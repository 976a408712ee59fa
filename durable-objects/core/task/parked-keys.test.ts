import { expect, test } from "vitest";
import type { ConsumerRecord } from "../../../schema/record.ts";
import { MemoryStateStore } from "../store/memory-state-store.ts";
import { StoreCache } from "../store/store-cache.ts";
import { UndoLog } from "../store/undo-log.ts";
import { ParkedKeys } from "./parked-keys.ts";
import { recordText } from "./parked-record.ts";

const record = (offset: number, bytes: number): ConsumerRecord => ({
  offset,
  timestampMs: 0,
  key: null,
  value: new Uint8Array(bytes),
  headers: [],
});

test("says how many that wait are within bounds of number and text, the first of them always [ERR-9]", () => {
  const parked = new ParkedKeys(new StoreCache(new MemoryStateStore(), new UndoLog(), 1_000_000));
  const large = record(0, 3_000_000);
  const small = [1, 2, 3].map((offset) => record(offset, 30));
  const each = recordText(small[0] as ConsumerRecord).length;
  for (const one of [large, ...small]) parked.park("k", one);
  expect(parked.within("k", { records: 10, characters: 1_000 })).toBe(1);
  expect(parked.within("k", { records: 10, characters: recordText(large).length + 2 * each })).toBe(3);
  parked.release("k");
  expect(parked.within("k", { records: 10, characters: 2 * each })).toBe(2);
  expect(parked.within("k", { records: 10, characters: 2 * each - 1 })).toBe(1);
  expect(parked.within("k", { records: 2, characters: 1_000_000 })).toBe(2);
  expect(parked.within("k", { records: 10, characters: 1_000_000 })).toBe(3);
  expect(parked.within("other", { records: 10, characters: 1_000_000 })).toBe(0);
});
