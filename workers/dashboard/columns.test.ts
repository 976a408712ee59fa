import { expect, test } from "vitest";
import { columnsOf, latestFirst } from "./columns.js";

test("numbers are numbers, alike within a column; window_start is a time; the rest is text [UI-6]", () => {
  const rows = [
    { airport: "ATL", window_start: Date.UTC(2001, 0, 10, 18), flights: 3, mean_delay: 2, note: null, mixed: 1 },
    { airport: "BOS", window_start: null, flights: -1_200, mean_delay: 2.5, note: null, mixed: "x" },
  ];
  const columns = columnsOf(["airport", "window_start", "flights", "mean_delay", "note", "mixed"], rows);
  expect(columns.map(({ kind }) => kind)).toEqual(["text", "time", "number", "number", "text", "text"]);
  expect(columns.map(({ heading }) => heading)).toContain("Window start (UTC)");
  const shown = rows.map((row: { readonly [name: string]: unknown }) =>
    columns.map(({ name, show }) => show(row[name])),
  );
  expect(shown).toEqual([
    ["ATL", "2001-01-10 18:00", "3", "2.00", "–", "1"],
    ["BOS", "–", "−1,200", "2.50", "–", "x"],
  ]);
});

test("the order is latest window first, or the database's [UI-6]", () => {
  expect(latestFirst(["airport", "window_start"])).toEqual({ by: "window_start", order: "desc" });
  expect(latestFirst(["airport"])).toBeUndefined();
});
