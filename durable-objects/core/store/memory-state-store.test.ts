import { expect, test } from "vitest";
import { stateStoreContract } from "../../test/state-store-contract.ts";
import { MemoryStateStore } from "./memory-state-store.ts";

stateStoreContract((body) => body(new MemoryStateStore()));

test("a transaction that throws takes back every write [STO-5]", () => {
  const store = new MemoryStateStore();
  store.open("s", "keyValue");
  store.open("w", "window");
  store.put("s", "kept", { value: "1", timestampMs: 1 });
  store.putWindow("w", 0, "kept", { value: "1", timestampMs: 1 });
  const before = dump(store);
  expect(() =>
    store.transaction(() => {
      store.put("s", "kept", { value: "2", timestampMs: 2 });
      store.put("s", "new", { value: "2", timestampMs: 2 });
      store.putWindow("w", 0, "new", { value: "2", timestampMs: 2 });
      store.expireWindows("w", 1);
      store.putWindow("w", 0, "kept", { value: "3", timestampMs: 3 });
      throw new Error("rolled back");
    }),
  ).toThrow("rolled back");
  expect(dump(store)).toEqual(before);
  store.transaction(() => store.put("s", "kept", undefined));
  expect(store.get("s", "kept")).toBeUndefined();
});

function dump(store: MemoryStateStore): unknown {
  return [store.scan("s", undefined, 100), store.scanWindows("w", undefined, 100)];
}
