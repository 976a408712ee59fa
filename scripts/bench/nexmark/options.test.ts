import { expect, test } from "vitest";
import { nexmarkOptions } from "./options.ts";
import { query } from "./queries/query.ts";

const there = ["q98", "q99"].map((name) =>
  query(name, { rows: "every", sql: "SELECT 1 AS one", define: ({ bids }) => bids() }),
);

test("without flags, every query on one and on four partitions [NEX-8]", () => {
  expect(nexmarkOptions({}, there)).toEqual({ queries: there, events: 250_000, partitions: [1, 4] });
});

test("flags say which queries, how many events and which partitions [NEX-8]", () => {
  expect(nexmarkOptions({ queries: "q98", events: "20000", partitions: "2,16" }, there)).toEqual({
    queries: there.slice(0, 1),
    events: 20_000,
    partitions: [2, 16],
  });
});

test.each([
  [{ queries: "q6" }, `there is no query "q6". There are q98, q99`],
  [{ queries: "q98,q6" }, `there is no query "q6". There are q98, q99`],
  [{ queries: "" }, `there is no query ""`],
  [{ events: "0" }, `--events takes a whole number from 1 to 10000000, not "0"`],
  [{ events: "1e6" }, `not "1e6"`],
  [{ events: "10000001" }, `not "10000001"`],
  [{ partitions: "1,0" }, `--partitions takes whole numbers from 1 to 256, not "0"`],
  [{ partitions: "257" }, `not "257"`],
])("%j is refused [NEX-8]", (flags, message) => {
  expect(() => nexmarkOptions(flags, there)).toThrow(message);
});
