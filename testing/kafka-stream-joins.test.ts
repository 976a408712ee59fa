import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { joinWindows, type JoinWindows, within } from "../sdk/streams/index.ts";
import { type Define, KafkaJoins } from "./test/kafka-joins.ts";

const kafka = new KafkaJoins(readFileSync(new URL("test/kafka-joins.json", import.meta.url), "utf8"));

const plus = (left: string | null, right: string | null): string => `${left}+${right}`;
const dash = (left: string | null, right: string | null): string => `${left}-${right}`;
const sum = (left: string, right: string): string => `${Number(left) + Number(right)}`;
const tenSeconds = within("10 seconds", { grace: "1 day" });
const window = (before: number, after: number, grace = 0): JoinWindows => joinWindows({ before, after, grace });

const inner =
  (windows: JoinWindows, joiner: (left: string, right: string) => string = plus): Define =>
  (left, right) =>
    left.join(right, joiner, windows);
const left =
  (windows: JoinWindows, joiner = plus): Define =>
  (first, second) =>
    first.leftJoin(second, joiner, windows);
const outer =
  (windows: JoinWindows, joiner = plus): Define =>
  (first, second) =>
    first.outerJoin(second, joiner, windows);

const joins: { readonly [name: string]: Define } = {
  "KStreamKStreamJoin.shouldJoinWithDslStoreSuppliersIfNoStoreSupplied": inner(window(100, 100), sum),
  "KStreamKStreamJoin.shouldJoinWithDslStoreSuppliersFromStreamsConfig": inner(window(100, 100), sum),
  "KStreamKStreamJoin.testWindowing": inner(window(100, 100)),
  "KStreamKStreamJoin.testAsymmetricWindowingBefore": inner(window(100, 0)),
  "KStreamKStreamLeftJoin.testLeftExpiredNonJoinedRecordsAreEmittedByTheLeftProcessor": left(window(100, 100)),
  "KStreamKStreamLeftJoin.testLeftExpiredNonJoinedRecordsAreEmittedByTheRightProcessor": left(window(100, 100)),
  "KStreamKStreamLeftJoin.testRightNonJoinedRecordsAreNeverEmittedByTheLeftProcessor": left(window(100, 100)),
  "KStreamKStreamLeftJoin.testRightNonJoinedRecordsAreNeverEmittedByTheRightProcessor": left(window(100, 100)),
  "KStreamKStreamLeftJoin.testLeftJoinWithInMemoryCustomSuppliers": left(window(100, 100)),
  "KStreamKStreamLeftJoin.testOrdering": left(window(100, 100)),
  "KStreamKStreamLeftJoin.testWindowing": left(window(100, 100)),
  "KStreamKStreamOuterJoin.testOuterJoinDuplicates": outer(window(100, 100, 10)),
  "KStreamKStreamOuterJoin.testLeftExpiredNonJoinedRecordsAreEmittedByTheLeftProcessor": outer(window(100, 100)),
  "KStreamKStreamOuterJoin.testGracePeriod": outer(window(100, 100, 10)),
  "KStreamKStreamOuterJoin.testEmitAllNonJoinedResultsForAsymmetricWindow": outer(window(5, 20)),
  "KStreamKStreamOuterJoin.testOuterJoinWithInMemoryCustomSuppliers": outer(window(100, 100)),
  "KStreamKStreamOuterJoin.testWindowing": outer(window(100, 100)),
  "KStreamKStreamOuterJoin.testShouldNotEmitLeftJoinResultForAsymmetricAfterWindow": outer(window(100, 0)),
  "StreamStreamJoin.testSelfJoin": (stream) => stream.join(stream, dash, tenSeconds),
  "StreamStreamJoin.testLeft": left(tenSeconds, dash),
  "StreamStreamJoin.testLeftRepartitioned": (first, second) =>
    first
      .map((value, key) => ({ key, value }))
      .leftJoin(
        second.flatMap((value, key) => [{ key, value }]).selectKey((_, key) => key),
        dash,
        tenSeconds,
      ),
  "StreamStreamJoin.testOuter": outer(tenSeconds, dash),
  "StreamStreamJoin.testMultiInner": (first, second) =>
    first.join(second, dash, tenSeconds).join(second, dash, tenSeconds),
};

const names = ["KStreamKStream", "StreamStreamJoin"].flatMap((prefix) => kafka.names(prefix));
/** Its steps are three topologies of their own. */
const SEPARATE = "KStreamKStreamJoin.shouldJoinWithDslStoreSuppliersIfNoStoreSupplied";

test.each(names)("%s gives Kafka's results [JON-1]", (name) => {
  const join = joins[name];
  if (join === undefined) throw new Error(`no pipeline for ${name}`);
  const expected = kafka.steps(name).map(({ results }) => results);
  const steps = name === SEPARATE ? 1 : expected.length;
  expect(kafka.overTopics(name, join).slice(0, steps)).toEqual(expected.slice(0, steps));
  for (const size of [1, 3, 100]) {
    expect(kafka.inSlices(name, join, size).slice(0, steps)).toEqual(expected.slice(0, steps));
  }
});
