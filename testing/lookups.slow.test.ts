import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  fail,
  fromD1,
  fromFunction,
  fromFunctionOfMany,
  fromHttp,
  type Lookup,
  parkKey,
  pipeline,
  type Pipeline,
  every,
  retry,
  tumbling,
} from "../sdk/streams/index.ts";
import { runSliced, SLICINGS } from "./test/slices.ts";
import { TopologyTestDriver, type TestOptions } from "./topology-test-driver.ts";

interface Order {
  readonly sku: string | null;
  readonly count: number;
}

const names: Lookup<string, { name: string }> = fromFunction(async (sku: string) => ({ name: `real ${sku}` }));

function enriched(kind: "lookup" | "leftLookup" = "lookup"): Pipeline {
  return pipeline("enriched", ({ stream }) => {
    const orders = stream<Order | null>("orders").filter((order) => order?.count !== 0);
    const options = { key: (order: Order) => order.sku };
    if (kind === "lookup") orders.lookup(names, (order, { name }) => `${order.count} ${name}`, options).to("out");
    else orders.leftLookup(names, (order, found) => `${order.count} ${found?.name ?? "?"}`, options).to("out");
  });
}

// oxlint-disable-next-line max-params -- what a record is made of
const order = (key: string | null, sku: string | null, count: number, timestampMs = count) => ({
  topic: "orders",
  key,
  value: { sku, count },
  timestampMs,
});

const fake = (sku: string): unknown => (sku === "none" ? null : { name: sku.toUpperCase() });

function sent(driver: TopologyTestDriver): unknown[] {
  return driver.read("out").map(({ key, value, timestampMs }) => [key, value, timestampMs]);
}

test("a key that is undefined is an error that says what to give [LKP-6]", () => {
  const driver = new TopologyTestDriver(enriched(), { lookups: { "lookup-1": fake } });
  driver.pipe("orders", [{ key: "k", value: { count: 1 }, timestampMs: 1 }]);
  expect(driver.deadLetters[0]?.headers["millrace.error"]).toBe(
    "the key of lookup-1 is undefined; a record that looks up nothing has the key null",
  );
});

describe("a lookup", () => {
  const orders = [
    order("k", "a", 1),
    order("k", "none", 2),
    order("l", "b", 3),
    order("k", null, 4),
    { topic: "orders", key: "k", value: null, timestampMs: 5 },
    order(null, "a", 6),
    order("k", "a", 0),
  ];

  test.each(SLICINGS)(
    "passes on what it finds, under key and time of the record, in any slicing %o [LKP-1]",
    (slicing) => {
      const driver = new TopologyTestDriver(enriched(), { lookups: { "lookup-1": fake } });
      runSliced(driver, orders, slicing);
      expect(sent(driver)).toEqual([
        ["k", "1 A", 1],
        ["l", "3 B", 3],
        [null, "6 A", 6],
      ]);
      expect(driver.counters).toMatchObject({ droppedRecords: 2, deadLetters: 0 });
    },
  );

  test("of the left kind passes on what finds nothing, too [LKP-1]", () => {
    const driver = new TopologyTestDriver(enriched("leftLookup"), { lookups: { "leftLookup-1": fake } });
    runSliced(driver, orders);
    expect(sent(driver)).toEqual([
      ["k", "1 A", 1],
      ["k", "2 ?", 2],
      ["l", "3 B", 3],
      ["k", "4 ?", 4],
      [null, "6 A", 6],
    ]);
    expect(driver.counters.droppedRecords).toBe(1);
  });

  test("hands each record a value of its own [LKP-1]", () => {
    const list = fromFunction(async (sku: string) => [sku.length]);
    const { plan } = pipeline("p", ({ stream }) =>
      stream<Order>("orders")
        .lookup(
          list,
          ({ count }, found: number[]) => {
            found.push(count);
            return found;
          },
          { key: ({ sku }) => sku },
        )
        .to("out"),
    );
    const driver = new TopologyTestDriver({ plan }, { lookups: { "lookup-1": () => [1] } });
    runSliced(driver, [order("k", "a", 2), order("k", "a", 3)]);
    expect(sent(driver).map((row) => (row as unknown[])[1])).toEqual([
      [1, 2],
      [1, 3],
    ]);
  });

  test("gives the same in any slicing and over crashes, with state before and behind it [LKP-1, LKP-3]", () => {
    const counted = pipeline("counted", ({ stream }) => {
      const all = stream<Order>("orders");
      all.groupByKey().count({ store: "before" });
      all
        .lookup(names, ({ count }, { name }) => ({ count, name }), { key: ({ sku }) => sku })
        .groupBy(({ name }) => name)
        .aggregate(
          () => 0,
          (sum, { count }) => sum + count,
          { store: "behind" },
        )
        .toStream()
        .leftLookup(names, (sum, found) => [sum, found?.name ?? null], { key: (sum) => `${sum}` })
        .to("out");
    });
    const anOrder = fc.record({
      key: fc.constantFrom("k", "l"),
      sku: fc.constantFrom("a", "b", "none", null),
      count: fc.nat(5),
    });
    const results = (records: readonly ReturnType<typeof order>[], size: number, crash: boolean): unknown => {
      const lookups = { "lookup-1": fake, "leftLookup-1": fake };
      const driver = new TopologyTestDriver(counted, { lookups });
      runSliced(driver, records, { size, crash });
      return [sent(driver), [...driver.store("before").all()], [...driver.store("behind").all()]];
    };
    fc.assert(
      fc.property(fc.array(anOrder, { maxLength: 12 }), fc.integer({ min: 1, max: 5 }), (drawn, size) => {
        const records = drawn.map(({ key, sku, count }, at) => order(key, sku, count, at));
        expect(results(records, size, true)).toEqual(results(records, Infinity, false));
      }),
    );
  });

  test("runs behind an internal topic of its own where what leads to it keeps state [LKP-3]", () => {
    const windowed = pipeline("p", ({ stream }) =>
      stream<Order>("orders")
        .groupByKey()
        .windowedBy(tumbling({ size: 10, grace: 0 }))
        .count({ store: "counts" })
        .toStream()
        .lookup(names, (count, { name }) => ({ count, name }), { key: (_, window) => window.key })
        .to("out"),
    );
    const driver = new TopologyTestDriver(windowed, { lookups: { "lookup-1": fake } });
    runSliced(driver, [order("k", "a", 1), order("k", "a", 12)]);
    expect(sent(driver)).toEqual([
      [{ key: "k", start: 0, end: 10 }, { count: 1, name: "K" }, 1],
      [{ key: "k", start: 10, end: 20 }, { count: 1, name: "K" }, 12],
    ]);
  });

  test("asks for the whole of a micro-batch [LKP-1]", () => {
    const { plan } = enriched().trigger(every("1 second"));
    const driver = new TopologyTestDriver({ plan }, { lookups: { "lookup-1": fake } });
    driver.pipe("orders", [order("k", "a", 1), order("l", "b", 3)]);
    expect(sent(driver)).toEqual([]);
    driver.advance("1 second");
    expect(sent(driver)).toHaveLength(2);
  });
});

describe("a lookup that fails", () => {
  const broken = (sku: string): unknown => {
    if (sku === "bad") throw new Error("no answer");
    return { name: sku };
  };
  const orders = [order("k", "a", 1), order("k", "bad", 2), order("k", "b", 3), order("l", "c", 4)];

  function ran(subject: Pipeline, options: TestOptions = { lookups: { "lookup-1": broken } }): TopologyTestDriver {
    return runSliced(new TopologyTestDriver(subject, options), orders);
  }

  test("makes a dead letter of the record as it came, and the next ones go on [LKP-6]", () => {
    const driver = ran(enriched());
    expect(sent(driver).map((row) => (row as unknown[])[1])).toEqual(["1 a", "3 b", "4 c"]);
    expect(driver.deadLetters).toMatchObject([
      { key: "k", value: { sku: "bad", count: 2 }, error: "no answer", node: "lookup-1" },
    ]);
  });

  test("stops the task in front of the record with fail, and it asks again when it is resumed [LKP-6]", () => {
    let works = false;
    const lookups = { "lookup-1": (sku: string) => (works ? { name: sku } : broken(sku)) };
    const driver = ran(enriched().onError(fail()), { lookups });
    expect(driver.failure).toBe("lookup-1 at offset 1: no answer");
    expect(sent(driver)).toHaveLength(1);
    works = true;
    driver.resume();
    expect(sent(driver).map((row) => (row as unknown[])[1])).toEqual(["2 bad", "3 b", "4 c"]);
  });

  test("is tried again with retry, then a dead letter [LKP-6]", () => {
    let calls = 0;
    const lookups = {
      "lookup-1": (sku: string) => {
        if (sku === "bad" && ++calls > 0) throw new Error("no answer");
        return { name: sku };
      },
    };
    const driver = ran(enriched().onError(retry(3)), { lookups });
    expect(driver.deadLetters).toHaveLength(1);
    expect(calls).toBeGreaterThanOrEqual(4);
    expect(sent(driver)).toHaveLength(3);
  });

  test("parks the key with parkKey [LKP-6]", () => {
    const driver = ran(enriched().onError(parkKey()));
    expect(sent(driver).map((row) => (row as unknown[])[1])).toEqual(["1 a", "4 c"]);
    expect(driver.deadLetters).toHaveLength(2);
  });
});

describe("settle", () => {
  test("calls the functions of the pipeline, and what waits goes on in order [LKP-9]", async () => {
    const driver = new TopologyTestDriver(enriched());
    driver.pipe("orders", [order("k", "a", 1), order("k", "b", 2)]);
    driver.pipe("orders", [order("k", "c", 3)]);
    driver.crash();
    expect(() => driver.read("out")).toThrow(
      'Records wait for "lookup-1". Say what it finds: { lookups: { "lookup-1": (key) => … } }, or call it: await driver.settle().',
    );
    await driver.settle();
    expect(sent(driver).map((row) => (row as unknown[])[1])).toEqual(["1 real a", "2 real b", "3 real c"]);
  });

  test("goes through lookups behind one another, and gives functions env and a signal [LKP-9]", async () => {
    const prices = fromFunctionOfMany(
      async (
        skus: readonly string[],
        { env, signal }: { env: { prices: Record<string, number> }; signal: AbortSignal },
      ) => skus.map((sku) => (signal.aborted ? null : sku === "b" ? new Error("no b") : (env.prices[sku] ?? null))),
    );
    const two = pipeline("two", ({ stream }) =>
      stream<Order>("orders")
        .lookup(names, ({ sku }, { name }) => ({ sku, name }), { key: ({ sku }) => sku })
        .lookup(prices, ({ name }, price) => [name, price], { key: ({ sku }) => sku })
        .to("out"),
    );
    const driver = new TopologyTestDriver(two, { env: { prices: { a: 5 } } });
    driver.pipe("orders", [order("k", "a", 1), order("k", "b", 2), order("k", "c", 3)]);
    await driver.settle();
    expect(sent(driver).map((row) => (row as unknown[])[1])).toEqual([["real a", 5]]);
    expect(driver.deadLetters).toMatchObject([{ error: "no b", node: "lookup-2" }]);
  });

  test("asks D1 with the database in env [LKP-5, LKP-9]", async () => {
    const database = new DatabaseSync(":memory:");
    database.exec(`CREATE TABLE prices (sku TEXT, shop INTEGER, euros REAL, PRIMARY KEY (sku, shop));
      INSERT INTO prices VALUES ('a', 1, 1.5), ('a', 2, 2), ('7', 1, NULL);
      CREATE TABLE doubled (sku TEXT, euros REAL); INSERT INTO doubled VALUES ('a', 1), ('a', 2), ('b', 3)`);
    const DB = {
      prepare: (query: string) => ({
        bind: (...parameters: SQLInputValue[]) => ({
          all: async () => ({ results: database.prepare(query).all(...parameters) }),
        }),
      }),
    };
    const columns = { sku: "TEXT", shop: "INTEGER", euros: "REAL" } as const;
    const priced = pipeline("priced", ({ stream }) => {
      stream<{ sku: string; shop: number }>("orders")
        .leftLookup(fromD1("prices", { columns, key: ["shop", "sku"] }), (_, row) => row, {
          key: ({ sku, shop }) => ({ sku, shop }),
        })
        .to("out");
      stream<{ sku: string; shop: number }>("orders")
        .leftLookup(
          fromD1("doubled", { columns: { sku: "TEXT", euros: "REAL" }, key: "sku" }),
          (_, row) => row?.euros ?? null,
          { key: ({ sku }) => sku },
        )
        .to("once");
    });
    const driver = new TopologyTestDriver(priced, { env: { DB } });
    const orders = [
      { sku: "a", shop: 2 },
      { sku: "7", shop: 1 },
      { sku: "b", shop: 1 },
      { sku: 7, shop: 1 },
    ];
    driver.pipe(
      "orders",
      orders.map((value) => ({ key: "k", value })),
    );
    await driver.settle();
    expect(driver.read("out").map(({ value }) => value)).toEqual([{ sku: "7", shop: 1, euros: null }, null]);
    expect(driver.read("once").map(({ value }) => value)).toEqual([null, 3]);
    expect(driver.deadLetters.map(({ error }) => error)).toEqual([
      "table doubled has several rows of one sku: look up by columns that are unique",
      "column prices.sku is TEXT, the value looked up is number",
    ]);
  });

  test("reads answers over HTTP: JSON, nothing for 404, an error for others [LKP-5, LKP-9]", async () => {
    const asked: string[] = [];
    const RATES = {
      fetch: async (request: Request) => {
        asked.push(request.url);
        const currency = new URL(request.url).pathname.slice(1);
        if (currency === "xxx") return new Response("no", { status: 404 });
        return currency === "bad" ? new Response("no", { status: 500 }) : Response.json({ rate: currency.length });
      },
    };
    const rates = fromHttp<string, { rate: number }>({
      request: (currency) => `https://rates.example/${currency}`,
      binding: "RATES",
    });
    const rated = pipeline("rated", ({ stream }) =>
      stream<string>("in")
        .leftLookup(rates, (currency, found) => [currency, found?.rate ?? null], { key: (currency) => currency })
        .to("out"),
    );
    const driver = new TopologyTestDriver(rated, { env: { RATES } });
    driver.pipe(
      "in",
      ["usd", "xxx", "bad", "usd"].map((value) => ({ key: "k", value })),
    );
    await driver.settle();
    expect(driver.read("out").map(({ value }) => value)).toEqual([
      ["usd", 3],
      ["xxx", null],
      ["usd", 3],
    ]);
    expect(driver.deadLetters.map(({ error }) => error)).toEqual(["rates.example answered 500"]);
    expect(asked).toHaveLength(3);
  });

  test("a name that is no lookup is refused with those there are [LKP-9]", () => {
    expect(() => new TopologyTestDriver(enriched(), { lookups: { names: fake } })).toThrow(
      'Pipeline "enriched" has no lookup "names". It has: "lookup-1".',
    );
  });
});
