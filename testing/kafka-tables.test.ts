import { expect, test } from "vitest";
import { type GroupedTable, pipeline, type Table } from "../sdk/streams/index.ts";
import { type Piped, runSliced, SLICINGS } from "./test/slices.ts";

type Rows = Table<string | null, string>;

/** Records as `key:value@time`; ~ is null. */
interface Case {
  readonly define: (rows: Rows) => Table<unknown, string>;
  readonly given: string;
  readonly expected: string;
}

/** What came into a group and went out of it, in order. */
function traced(groups: GroupedTable<string>): Table<string | null, string> {
  return groups.aggregate(
    () => "0",
    (text, value) => `${text}+${value}`,
    (text, value) => `${text}-${value}`,
  );
}

/** What Kafka Streams' own tests of KTables put in and expect (facts of KTableAggregateTest and its neighbours). */
const cases: { readonly [test: string]: Case } = {
  "KTableAggregateTest.testAggBasic": {
    define: (rows) => traced(rows.groupBy((value, key) => ({ key, value }))),
    given: "A:1@10 B:2@15 A:3@20 B:4@18 C:5@5 D:6@25 B:7@15 C:8@10",
    expected: "A:0+1@10 B:0+2@15 A:0+1-1+3@20 B:0+2-2+4@18 C:0+5@5 D:0+6@25 B:0+2-2+4-4+7@18 C:0+5-5+8@10",
  },
  "KTableAggregateTest.testAggRepartition": {
    define: (rows) =>
      traced(
        rows.groupBy((value, key) => ({
          key: key === "no-key" ? null : value,
          value: key === "no-value" ? null : value,
        })),
      ),
    given: "A:1@10 A:~@15 A:1@12 B:2@20 no-key:3@25 B:4@23 N:5@24 N:7@22 no-value:8@26 ~:9@27",
    expected: "1:0+1@10 1:0+1-1@15 1:0+1-1+1@15 2:0+2@20 2:0+2-2@23 4:0+4@23 5:0+5@24 5:0+5-5@24 7:0+7@22",
  },
  "KTableAggregateTest.testCount": {
    define: (rows) => rows.groupBy((value) => ({ key: value, value })).count(),
    given: "A:green@10 B:green@9 A:blue@12 C:yellow@15 D:green@11",
    expected: "green:1@10 green:2@10 green:1@12 blue:1@12 yellow:1@15 green:2@12",
  },
  "KTableAggregateTest.testRemoveOldBeforeAddNew": {
    define: (rows) =>
      rows
        .groupBy((_, key) => ({ key: key.charAt(0), value: key.charAt(1) }))
        .aggregate(
          () => "",
          (text, value) => text + value,
          (text, value) => text.replaceAll(value, ""),
        ),
    given: "11:A@10 12:B@8 11:~@12 12:C@6",
    expected: "1:1@10 1:12@10 1:2@12 1:2@12",
  },
  "KTableFilterTest, with a store": {
    define: (rows) => rows.filter((value) => Number(value) % 2 === 0),
    given: "A:1@5 B:1@10 C:1@15 A:2@15 B:2@8 A:3@20 B:~@0 A:~@12",
    expected: "A:2@15 B:2@8 A:~@20 B:~@0",
  },
  KTableMapValuesTest: {
    define: (rows) => rows.mapValues((value) => value.charCodeAt(0)),
    given: "A:A@5 B:B@25 C:~@20 A:~@10",
    expected: "A:65@5 B:66@25 C:~@20 A:~@10",
  },
};

function piped(record: string): Piped {
  const [, key = "", value = "", at] = /^(.+):(.+)@(\d+)$/.exec(record) ?? [];
  return { topic: "in", key: orNull(key), value: orNull(value), timestampMs: Number(at) };
}

function orNull(word: string): string | null {
  return word === "~" ? null : word;
}

test.each(Object.entries(cases))("%s gives Kafka's updates [TBL-3, TBL-4, TBL-5, TBL-6]", (_, subject) => {
  const defined = pipeline("kafka", ({ table }) => subject.define(table<string>("in")).to("out"));
  const given = subject.given.split(" ").map(piped);
  for (const slicing of SLICINGS) {
    const rows = runSliced(defined, given, slicing).read<string | number | null>("out");
    const words = rows.map(({ key, value, timestampMs }) => `${key as string}:${value ?? "~"}@${timestampMs}`);
    expect(words).toEqual(subject.expected.split(" "));
  }
});
