import { expect, test } from "vitest";
import { MAX_GLOBAL_TABLE_BYTES } from "../../../schema/limits.ts";
import { MemoryStateStore } from "../store/memory-state-store.ts";
import { StoreCache } from "../store/store-cache.ts";
import { UndoLog } from "../store/undo-log.ts";
import { GlobalRows } from "./global-rows.ts";
import type { Runtime } from "./operator.ts";
import { payloadOf } from "./payload.ts";
import { Origin, StreamRecord } from "./stream-record.ts";

const origin = new Origin("rates", 0, { key: null, value: null, timestampMs: 0, headers: [], offset: 0 });
const record = (key: string, text: string | undefined): StreamRecord =>
  new StreamRecord(key, payloadOf(text), { timestampMs: 0, origin });

test("a table that grows above the limit stops the task, and says what to do [JON-18]", () => {
  const cache = new StoreCache(new MemoryStateStore(), new UndoLog(), 1_000_000);
  const stores = { rows: cache.open("rows", "keyValue"), size: cache.open("size", "keyValue") };
  const stop = (reason: string): never => {
    throw new Error(reason);
  };
  const rows = new GlobalRows({ name: "rates/rows", ...stores }, { cache, stop } as unknown as Runtime);
  const size = (): number => Number(cache.entry(stores.size, "bytes").value?.value);
  rows.process(record("é", "12345"));
  expect(size()).toBe(7);
  rows.process(record("b", "1"));
  rows.process(record("é", "1"));
  expect(size()).toBe(5);
  rows.process(record("b", undefined));
  rows.process(record("c", undefined));
  expect(size()).toBe(3);
  cache.write(cache.entry(stores.size, "bytes"), { value: `${MAX_GLOBAL_TABLE_BYTES - 3}`, timestampMs: 0 });
  rows.process(record("d", "12"));
  expect(size()).toBe(MAX_GLOBAL_TABLE_BYTES);
  expect(() => rows.process(record("d", "123"))).toThrow(/above 100000000, in every partition\. .*selectKey/);
});
