import { expect, test } from "vitest";
import { pipeline, type Pipeline } from "../sdk/streams/index.ts";
import { type Piped, rowsOf, runSliced, SLICINGS } from "./test/slices.ts";

type Given = readonly (readonly [key: string | null, value: unknown, timestampMs: number])[];

interface Case {
  readonly subject: Pipeline;
  readonly given: Given;
  readonly expected: readonly (readonly [key: string, value: unknown, timestampMs: number])[];
}

/** What Kafka Streams' own tests of KTables put in and expect (facts of KTableAggregateTest and its neighbours). */
const cases: { readonly [test: string]: Case } = {
  "KTableAggregateTest.testAggBasic": {
    subject: pipeline("basic", ({ table }) =>
      table<string>("in")
        .groupBy((value, key) => ({ key, value }))
        .aggregate(
          () => "0",
          (text, value) => `${text}+${value}`,
          (text, value) => `${text}-${value}`,
        )
        .to("out"),
    ),
    given: [
      ["A", "1", 10],
      ["B", "2", 15],
      ["A", "3", 20],
      ["B", "4", 18],
      ["C", "5", 5],
      ["D", "6", 25],
      ["B", "7", 15],
      ["C", "8", 10],
    ],
    expected: [
      ["A", "0+1", 10],
      ["B", "0+2", 15],
      ["A", "0+1-1+3", 20],
      ["B", "0+2-2+4", 18],
      ["C", "0+5", 5],
      ["D", "0+6", 25],
      ["B", "0+2-2+4-4+7", 18],
      ["C", "0+5-5+8", 10],
    ],
  },
  "KTableAggregateTest.testAggRepartition": {
    subject: pipeline("repartition", ({ table }) =>
      table<string>("in")
        .groupBy((value, key) => ({ key: key === "no key" ? null : value, value: key === "no value" ? null : value }))
        .aggregate(
          () => "0",
          (text, value) => `${text}+${value}`,
          (text, value) => `${text}-${value}`,
        )
        .to("out"),
    ),
    given: [
      ["A", "1", 10],
      ["A", null, 15],
      ["A", "1", 12],
      ["B", "2", 20],
      ["no key", "3", 25],
      ["B", "4", 23],
      ["N", "5", 24],
      ["N", "7", 22],
      ["no value", "8", 26],
      [null, "9", 27],
    ],
    expected: [
      ["1", "0+1", 10],
      ["1", "0+1-1", 15],
      ["1", "0+1-1+1", 15],
      ["2", "0+2", 20],
      ["2", "0+2-2", 23],
      ["4", "0+4", 23],
      ["5", "0+5", 24],
      ["5", "0+5-5", 24],
      ["7", "0+7", 22],
    ],
  },
  "KTableAggregateTest.testCount": {
    subject: pipeline("count", ({ table }) =>
      table<string>("in")
        .groupBy((value) => ({ key: value, value }))
        .count()
        .to("out"),
    ),
    given: [
      ["A", "green", 10],
      ["B", "green", 9],
      ["A", "blue", 12],
      ["C", "yellow", 15],
      ["D", "green", 11],
    ],
    expected: [
      ["green", 1, 10],
      ["green", 2, 10],
      ["green", 1, 12],
      ["blue", 1, 12],
      ["yellow", 1, 15],
      ["green", 2, 12],
    ],
  },
  "KTableAggregateTest.testRemoveOldBeforeAddNew": {
    subject: pipeline("old-first", ({ table }) =>
      table<string>("in")
        .groupBy((_, key) => ({ key: key.charAt(0), value: key.charAt(1) }))
        .aggregate(
          () => "",
          (text, value) => text + value,
          (text, value) => text.replaceAll(value, ""),
        )
        .to("out"),
    ),
    given: [
      ["11", "A", 10],
      ["12", "B", 8],
      ["11", null, 12],
      ["12", "C", 6],
    ],
    expected: [
      ["1", "1", 10],
      ["1", "12", 10],
      ["1", "2", 12],
      ["1", "2", 12],
    ],
  },
  "KTableFilterTest, with a store": {
    subject: pipeline("filter", ({ table }) =>
      table<number>("in")
        .filter((value) => value % 2 === 0)
        .to("out"),
    ),
    given: [
      ["A", 1, 5],
      ["B", 1, 10],
      ["C", 1, 15],
      ["A", 2, 15],
      ["B", 2, 8],
      ["A", 3, 20],
      ["B", null, 0],
      ["A", null, 12],
    ],
    expected: [
      ["A", 2, 15],
      ["B", 2, 8],
      ["A", null, 20],
      ["B", null, 0],
    ],
  },
  KTableMapValuesTest: {
    subject: pipeline("values", ({ table }) =>
      table<string>("in")
        .mapValues((value) => value.charCodeAt(0))
        .to("out"),
    ),
    given: [
      ["A", "A", 5],
      ["B", "B", 25],
      ["C", null, 20],
      ["A", null, 10],
    ],
    expected: [
      ["A", 65, 5],
      ["B", 66, 25],
      ["C", null, 20],
      ["A", null, 10],
    ],
  },
};

test.each(Object.entries(cases))("%s gives Kafka's updates [TBL-3, TBL-4, TBL-5, TBL-6]", (_, subject) => {
  const records = subject.given.map(([key, value, timestampMs]): Piped => ({ topic: "in", key, value, timestampMs }));
  for (const slicing of SLICINGS)
    expect(rowsOf(runSliced(subject.subject, records, slicing).read("out"))).toEqual(subject.expected);
});
