import { expect, test } from "vitest";
import { orderedRowsContract } from "../../test/ordered-rows-contract.ts";
import { stateStoreContract } from "../../test/state-store-contract.ts";
import type { OrderedPlace } from "./ordered-rows.ts";
import { MemoryStateStore } from "./memory-state-store.ts";

stateStoreContract((body) => body(new MemoryStateStore()));
orderedRowsContract((body) => body(new MemoryStateStore()));

test("a transaction that throws takes back every write [STO-5]", () => {
  const store = new MemoryStateStore();
  store.open("s", "keyValue");
  store.open("w", "window");
  store.open("o", "ordered", { bucketMs: 10 });
  const place = (at: number): OrderedPlace => ({ key: "k", at, seq: 0 });
  store.ordered.putMany(
    "o",
    [1, 11, 21].map((at) => ({ ...place(at), value: { value: "1", timestampMs: 1 } })),
  );
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
      const value = { value: "2", timestampMs: 2 };
      store.ordered.putMany("o", [
        { ...place(1), value },
        { ...place(11), value: undefined },
        { ...place(12), value },
      ]);
      store.ordered.expire("o", 15);
      store.ordered.putMany("o", [{ ...place(15), value }]);
      throw new Error("rolled back");
    }),
  ).toThrow("rolled back");
  expect(dump(store)).toEqual(before);
  store.transaction(() => store.put("s", "kept", undefined));
  expect(store.get("s", "kept")).toBeUndefined();
});

function dump(store: MemoryStateStore): unknown {
  return [
    store.scan("s", undefined, 100),
    store.scanWindows("w", undefined, 100),
    store.ordered.scan("o", undefined, 100),
  ];
}
