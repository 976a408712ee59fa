import { expect, test } from "vitest";
import { every, pipeline } from "../sdk/streams/index.ts";
import { TopologyTestDriver } from "./topology-test-driver.ts";

interface Row {
  readonly n: number;
}

const rows = pipeline("rows", ({ table }) => {
  const numbers = table<Row>("in", { store: "numbers" });
  numbers.toStream().to("out");
  numbers.toStream((row) => (row === null ? null : `n${row.n}`)).to("by-number");
});

test("a topic read as a table: rows by key, tombstones remove, keyless records are counted [TBL-2]", () => {
  const driver = new TopologyTestDriver(rows);
  driver.pipe("in", [
    { key: "a", value: { n: 1 } },
    { key: null, value: { n: 2 } },
    { key: "b", value: { n: 3 } },
    { key: "a", value: null },
    { key: "c", value: null },
    { key: "b", value: new TextEncoder().encode("{") },
  ]);
  expect(driver.read("out").map(({ key, value }) => [key, value])).toEqual([
    ["a", { n: 1 }],
    ["b", { n: 3 }],
    ["a", null],
    ["c", null],
  ]);
  expect(driver.read("by-number").map(({ key }) => key)).toEqual(["n1", "n3", null, null]);
  expect(driver.store("numbers").all()).toMatchObject([{ key: "b", value: { n: 3 } }]);
  expect(driver.counters).toMatchObject({ droppedRecords: 1, deadLetters: 1 });
});

test("a topic of text is a table of text [TBL-2]", () => {
  const subject = pipeline("lines", ({ table }) => table("in", { format: "text", store: "lines" }).to("out"));
  const driver = new TopologyTestDriver(subject.trigger(every("1 second")));
  driver.pipe("in", [
    { key: "a", value: "one" },
    { key: "a", value: "two" },
  ]);
  driver.runBatch();
  expect(driver.store("lines").get("a")).toBe("two");
  expect(driver.read("out").map(({ value }) => value)).toEqual(["two"]);
});
