import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Stream, Table } from "../sdk/streams/index.ts";
import { type Define, KafkaJoins } from "./test/kafka-joins.ts";

const kafka = new KafkaJoins(readFileSync(new URL("test/kafka-joins.json", import.meta.url), "utf8"));

type Text = string | null;
type Rows = Table<Text, string>;

const plus = (left: Text, right: Text): string => `${left}+${right}`;
const dash = (left: Text, right: Text): string => `${left}-${right}`;
const versioned = { versioned: { historyRetention: "5 minutes" } } as const;

const tables =
  (join: (left: Rows, right: Rows) => Rows): Define =>
  (left, right) =>
    join(left.toTable(), right.toTable());
const chained =
  (first: Word, second: Word): Define =>
  (left, right) => {
    const other = right.toTable();
    return joinAs(second, joinAs(first, left.toTable(), other), other);
  };

type Word = "Inner" | "Left" | "Outer";

/** Kafka's own way with tombstones, which these cases hold. */
function joinAs(word: Word, left: Rows, right: Rows): Rows {
  const options = { tombstones: "kafka" } as const;
  if (word === "Inner") return left.join(right, dash, options);
  return word === "Left" ? left.leftJoin(right, dash, options) : left.outerJoin(right, dash, options);
}

const withTable =
  (join: (stream: Stream<Text>, table: Rows) => { to(topic: string): void }, options = {}): Define =>
  (left, right) =>
    join(left, right.toTable(options));

const joins: { readonly [name: string]: Define } = {
  "KStreamKTableJoin.shouldHandleLateJoinsWithGracePeriod": withTable(
    (stream, table) => stream.join(table, plus, { grace: 2 }),
    versioned,
  ),
  "KStreamKTableJoin.shouldNotJoinWithEmptyTableOnStreamUpdates": withTable((stream, table) =>
    stream.join(table, plus),
  ),
  "StreamTableJoin.testInner": withTable((stream, table) => stream.join(table, dash)),
  "StreamTableJoinWithGrace.testInnerWithVersionedStore": withTable(
    (stream, table) => stream.join(table, dash, { grace: 2 }),
    versioned,
  ),
  "StreamTableJoinWithGrace.testLeftWithVersionedStore": withTable(
    (stream, table) => stream.leftJoin(table, dash, { grace: 2 }),
    versioned,
  ),
  "KTableKTableLeftJoin.testNotSendingOldValue": tables((left, right) => left.leftJoin(right, plus)),
  "KTableKTableLeftJoin.testSendingOldValue": tables((left, right) => left.leftJoin(right, plus)),
  "TableTableJoin.testInner": tables((left, right) => left.join(right, dash)),
  "TableTableJoin.testLeft": tables((left, right) => left.leftJoin(right, dash)),
  "TableTableJoin.testInnerWithVersionedStores": (left, right) =>
    left.toTable(versioned).join(right.toTable(versioned), dash),
  "TableTableJoin.testInnerWithLeftVersionedOnly": (left, right) => left.toTable(versioned).join(right.toTable(), dash),
  "TableTableJoin.testLeftWithRightVersionedOnly": (left, right) =>
    left.toTable().leftJoin(right.toTable(versioned), dash),
  "TableTableJoin.testInnerInner": chained("Inner", "Inner"),
  "TableTableJoin.testInnerLeft": chained("Inner", "Left"),
  "TableTableJoin.testInnerOuter": chained("Inner", "Outer"),
  "TableTableJoin.testLeftInner": chained("Left", "Inner"),
  "TableTableJoin.testLeftLeft": chained("Left", "Left"),
  "TableTableJoin.testLeftOuter": chained("Left", "Outer"),
  "TableTableJoin.testOuterInner": chained("Outer", "Inner"),
  "TableTableJoin.testOuterLeft": chained("Outer", "Left"),
};

const names = ["KStreamKTable", "StreamTableJoin", "KTable", "TableTableJoin"].flatMap((prefix) => kafka.names(prefix));

test.each(names)("%s gives Kafka's results [JON-1]", (name) => {
  const join = joins[name];
  if (join === undefined) throw new Error(`no pipeline for ${name}`);
  const expected = kafka.steps(name).map(({ results }) => results.map((result) => result.replace(/<[^@]*/, "")));
  expect(kafka.overTopics(name, join)).toEqual(expected);
  for (const size of [1, 3, 100]) expect(kafka.inSlices(name, join, size)).toEqual(expected);
});
