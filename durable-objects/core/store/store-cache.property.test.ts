import fc from "fast-check";
import { expect, test } from "vitest";
import { keyCacheContract } from "../../test/key-cache-contract.ts";
import { memoryDisk } from "../../test/memory-disk.ts";
import type { StoredValue } from "./state-store.ts";
import { countingCache } from "../../test/counting-store.ts";

keyCacheContract((body) => body(memoryDisk()), 100);

const value = (text: string, timestampMs = 0): StoredValue => ({ value: text, timestampMs });

const step = fc.oneof(
  fc.record({
    kind: fc.constant("write" as const),
    key: fc.constantFrom("a", "b", "c", "d"),
    text: fc.option(fc.constantFrom("1", "2"), { nil: undefined }),
  }),
  fc.record({ kind: fc.constantFrom("keep", "rollback", "flush", "trim") }),
);

test("any calls give the same state whatever the cache may hold [STO-6, STO-8]", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.constantFrom(0, 300, 700, 1_000_000), (steps, cacheBytes) => {
      const { store, undo, cache, table } = countingCache(cacheBytes);
      let committed = new Map<string, string>();
      let current = new Map<string, string>();
      for (const each of steps) {
        if ("text" in each) {
          const { key, text } = each;
          if (cache.entry(table, key).value?.value !== current.get(key)) return false;
          cache.write(cache.entry(table, key), text === undefined ? undefined : value(text));
          if (text === undefined) current.delete(key);
          else current.set(key, text);
          continue;
        }
        if (each.kind === "rollback") {
          undo.rollback();
          current = new Map(committed);
          continue;
        }
        undo.clear();
        committed = new Map(current);
        if (each.kind === "flush") cache.flush();
        if (each.kind === "trim") cache.trim();
      }
      undo.rollback();
      cache.flush();
      const rows = store.scan("s", undefined, 10).map((row) => [row.key, row.value] as const);
      expect(new Map(rows)).toEqual(committed);
      return true;
    }),
  );
});
