import { expect, test } from "vitest";
import {
  approxCountDistinct,
  avg,
  batchSql,
  collect,
  count,
  countDistinct,
  earliest,
  every,
  first,
  last,
  latest,
  max,
  min,
  onClose,
  pipeline,
  type PipelineBuilder,
  quantile,
  session,
  stddev,
  sum,
  topN,
  tumbling,
  variance,
} from "../sdk/streams/index.ts";
import { type Piped, rowsOf, runSliced, SLICINGS } from "./test/slices.ts";
import type { TopologyTestDriver } from "./topology-test-driver.ts";

interface Bid {
  readonly bidder: string;
  readonly price: number;
}

const bid = (key: string, bidder: string, ...[price, timestampMs]: [price: number, timestampMs: number]): Piped => ({
  topic: "bids",
  key,
  value: { bidder, price },
  timestampMs,
});

const EVERYTHING = {
  bids: count(),
  total: sum((each: Bid) => each.price),
  mean: avg((each: Bid) => each.price),
  lowest: min((each: Bid) => each.price),
  highest: max((each: Bid) => each.bidder),
  variance: variance((each: Bid) => each.price),
  deviation: stddev((each: Bid) => each.price),
  first: first((each: Bid) => each.bidder),
  last: last((each: Bid) => each.bidder),
  earliest: earliest((each: Bid) => each.price),
  latest: latest((each: Bid) => each.price),
  prices: collect((each: Bid) => each.price),
  best: topN(2, (each: Bid) => each.price),
  bidders: countDistinct((each: Bid) => each.bidder),
  about: approxCountDistinct((each: Bid) => each.bidder),
  median: quantile(0.5, (each: Bid) => each.price),
};

test("aggregators under names give a table of their results, downstream and where it is read [AGG-15]", () => {
  const subject = pipeline("bids", ({ stream }) =>
    stream<Bid>("bids").groupByKey().aggregate(EVERYTHING, { store: "auctions" }).to("out"),
  );
  const bids = [bid("a", "x", 0.1, 30), bid("a", "y", 0.3, 10), bid("a", "x", 0.2, 20)];
  const expected = {
    bids: 3,
    total: 0.6,
    mean: 0.6 / 3,
    lowest: 0.1,
    highest: "y",
    variance: expect.closeTo(0.01, 15),
    deviation: expect.closeTo(0.1, 15),
    first: "x",
    last: "x",
    earliest: 0.3,
    latest: 0.1,
    prices: [0.1, 0.3, 0.2],
    best: [
      { bidder: "y", price: 0.3 },
      { bidder: "x", price: 0.2 },
    ],
    bidders: 2,
    about: 2,
    median: expect.closeTo(0.2, 2),
  };
  for (const slicing of SLICINGS) {
    const driver = runSliced(subject, bids, slicing);
    expect(driver.read("out").at(-1)).toMatchObject({ key: "a", value: expected, timestampMs: 30 });
    expect(driver.store("auctions").get("a")).toEqual(expected);
    expect(driver.store("auctions").all()).toMatchObject([{ key: "a", value: expected }]);
  }
});

test("one aggregator gives a table of its result [AGG-15]", () => {
  const subject = pipeline("p", ({ stream }) =>
    stream<Bid>("bids")
      .groupByKey()
      .aggregate(
        topN(
          1,
          (each) => each.price,
          (each) => each.bidder,
        ),
        { store: "best" },
      )
      .toStream()
      .mapValues(([bidder]) => bidder)
      .to("out"),
  );
  const driver = runSliced(subject, [bid("a", "x", 1, 0), bid("a", "y", 3, 0), bid("a", "z", 2, 0)]);
  expect(driver.read("out").map(({ value }) => value)).toEqual(["x", "y", "y"]);
});

const windowed =
  (emit: boolean) =>
  ({ stream }: PipelineBuilder): void => {
    const minutes = stream<Bid>("bids")
      .groupByKey()
      .windowedBy(tumbling({ size: "10 ms", grace: 0 }));
    (emit ? minutes.emit(onClose()) : minutes)
      .aggregate({ total: sum((each) => each.price), prices: collect((each) => each.price) }, { store: "minutes" })
      .to("out");
  };

test("windows have results of their own, on update and on close [AGG-15]", () => {
  const bids = [bid("a", "x", 0.1, 1), bid("a", "x", 0.2, 5), bid("a", "x", 7, 12), bid("a", "x", 8, 25)];
  const firstWindow = { key: "a", start: 0, end: 10 };
  for (const slicing of SLICINGS) {
    const updates = runSliced(pipeline("p", windowed(false)), bids, slicing);
    expect(rowsOf(updates.read("out")).slice(0, 3)).toEqual([
      [firstWindow, { total: 0.1, prices: [0.1] }, 1],
      [firstWindow, { total: 0.30000000000000004, prices: [0.1, 0.2] }, 5],
      [{ key: "a", start: 10, end: 20 }, { total: 7, prices: [7] }, 12],
    ]);
    expect(updates.store("minutes").windows("a")).toMatchObject([
      { start: 0, value: { total: 0.30000000000000004 } },
      { start: 10, value: { total: 7 } },
      { start: 20, value: { total: 8 } },
    ]);
    const closed = runSliced(pipeline("p", windowed(true)), bids, slicing);
    expect(rowsOf(closed.read("out"))).toEqual([
      [firstWindow, { total: 0.30000000000000004, prices: [0.1, 0.2] }, 5],
      [{ key: "a", start: 10, end: 20 }, { total: 7, prices: [7] }, 12],
    ]);
  }
});

test("sessions that become one have the result of all their records [AGG-15]", () => {
  const subject = pipeline("p", ({ stream }) =>
    stream<Bid>("bids")
      .groupByKey()
      .windowedBy(session({ gap: "5 ms", grace: "1 hour" }))
      .aggregate(EVERYTHING, { store: "visits" })
      .to("out"),
  );
  const driver = runSliced(subject, [bid("a", "x", 1, 0), bid("a", "y", 2, 8), bid("a", "z", 3, 4)]);
  expect(driver.store("visits").all()).toMatchObject([
    {
      start: 0,
      end: 8,
      value: { bids: 3, total: 6, mean: 2, first: "x", earliest: 1, latest: 2, prices: [1, 2, 3], bidders: 3 },
    },
  ]);
});

test("a table's aggregate refuses what takes no row back, by its name [AGG-18]", () => {
  const define =
    (aggregate: (rows: ReturnType<typeof grouped>) => unknown) =>
    ({ table }: PipelineBuilder): unknown =>
      aggregate(grouped(table));
  const grouped = (table: PipelineBuilder["table"]) =>
    table<Bid>("bids").groupBy((row) => ({ key: row.bidder, value: row.price }));
  expect(() =>
    pipeline(
      "p",
      define((rows) => rows.aggregate(min((price) => price))),
    ),
  ).toThrow(
    "min cannot take a row back, as an aggregate of a table has to when the row changes. Aggregate the table's changes",
  );
  expect(() =>
    pipeline(
      "p",
      define((rows) =>
        rows.aggregate({ rows: count(), best: topN(3, (price) => price), all: collect((price) => price) }),
      ),
    ),
  ).toThrow('topN ("best"), collect ("all") cannot take a row back');
});

function inBatches(define: (builder: PipelineBuilder) => unknown): TopologyTestDriver {
  return runSliced(pipeline("p", define).trigger(every("1 second")), [bid("a", "x", 1, 1), bid("a", "y", 2, 2)]);
}

test("complete sends results too, and batchSql refuses a store of states [AGG-26]", () => {
  const define =
    (querying: boolean) =>
    ({ stream }: PipelineBuilder): void => {
      const grouped = stream<Bid>("bids").groupByKey();
      const table = grouped.aggregate({ mean: avg((each) => each.price) }, { store: "means" });
      table.complete().to("out");
      grouped
        .windowedBy(tumbling({ size: "10 ms", grace: 0 }))
        .aggregate(avg((each) => each.price))
        .complete()
        .to("windows");
      if (querying)
        stream("bids")
          .batchSql(batchSql`select * from ${table}`)
          .to("queried");
    };
  const driver = inBatches(define(false));
  expect(rowsOf(driver.read("out"))).toEqual([["a", { mean: 1.5 }, 2]]);
  expect(rowsOf(driver.read("windows"))).toEqual([[{ key: "a", start: 0, end: 10 }, 1.5, 2]]);
  expect(() => inBatches(define(true))).toThrow(
    'reads store "means", which holds states of aggregators, not their results. Query its rows as the batch',
  );
});

test("a record that an aggregator refuses is a dead letter, and the state stays [AGG-23]", () => {
  const subject = pipeline("p", ({ stream }) =>
    stream<Bid>("bids")
      .groupByKey()
      .aggregate({ bids: count(), total: sum((each) => each.price) }, { store: "s" }),
  );
  const driver = runSliced(subject, [bid("a", "x", 1, 1), bid("a", "x", "2" as unknown as number, 2)]);
  expect(driver.deadLetters).toMatchObject([
    { error: 'sum got "2" (string). Give it a finite number, or null to leave the value out.' },
  ]);
  expect(driver.store("s").get("a")).toEqual({ bids: 1, total: 1 });
});
