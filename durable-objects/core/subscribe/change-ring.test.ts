import fc from "fast-check";
import { expect, test } from "vitest";
import { MAX_BATCH_BYTES } from "../../../schema/limits.ts";
import type { RowUpdate } from "./change-recorder.ts";
import { ChangeRing } from "./change-ring.ts";
import { changeTexts, readChanges } from "./change-text.ts";
import { MemoryRing } from "./test/memory-ring.ts";

const update = (key: string, value: string | undefined): RowUpdate => ({ key, at: -5, seq: 0, timestampMs: 7, value });

test("changes come back as they went, whatever is in their keys and values [SUB-2]", () => {
  const updates = fc.array(
    fc.record({
      key: fc.string({ unit: "grapheme" }),
      at: fc.maxSafeInteger(),
      seq: fc.nat(),
      timestampMs: fc.maxSafeInteger(),
      value: fc.option(fc.string({ unit: "grapheme" }), { nil: undefined }),
    }),
  );
  fc.assert(
    fc.property(updates, (all) => {
      expect(changeTexts(all).flatMap(readChanges)).toEqual(all);
    }),
  );
});

test("a transaction writes one row, and more only where it would be too large for one [SUB-2]", () => {
  const rows = new MemoryRing();
  const ring = new ChangeRing(rows);
  expect(ring.add([], 3)).toBe(0);
  expect(ring.add([update("a", "1"), update("b", undefined)], 5)).toBe(1);
  const large = `"${"\u20ac".repeat(330_000)}"`;
  expect(ring.add([update("c", large), update("d", large), update("e", "2")], 9)).toBe(2);
  for (const { bytes, text } of rows.rows) {
    expect(bytes).toBe(new TextEncoder().encode(text).length);
    expect(bytes).toBeLessThan(MAX_BATCH_BYTES);
  }
  expect(ring.after(0, Infinity)).toMatchObject({
    seq: 3,
    position: 9,
    updates: ["a", "b", "c", "d", "e"].map((key) => ({ key })),
  });
  expect(ring.after(1, 1)).toMatchObject({ seq: 2, position: 9, updates: [{ key: "c" }] });
  expect(ring.after(3, 1)).toEqual({ seq: 3, position: undefined, updates: [] });
});

test("it keeps the latest changes within its size, and knows which it has, also when it is opened again [SUB-2, SUB-4]", () => {
  const rows = new MemoryRing();
  const bytesOf = (updates: readonly RowUpdate[]): number => changeTexts(updates).join("").length;
  const maxBytes = 10 * bytesOf([update("k", "12")]);
  let ring = new ChangeRing(rows, maxBytes);
  expect([ring.holds(0), ring.holds(1)]).toEqual([true, false]);
  for (let n = 1; n <= 25; n++) {
    ring.add([update("k", `${n + 10}`)], n);
    if (n % 4 === 0) ring = new ChangeRing(rows, maxBytes);
    expect(rows.rows.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(maxBytes);
    expect(rows.rows.map(({ seq }) => seq)).toEqual(
      Array.from({ length: Math.min(n, 10) }, (_, i) => n - Math.min(n, 10) + 1 + i),
    );
    for (let seq = 0; seq <= n + 1; seq++) expect(ring.holds(seq)).toBe(seq >= n - 10 && seq <= n);
  }
});
