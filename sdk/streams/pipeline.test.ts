import { expect, test } from "vitest";
import {
  cumulative,
  d1,
  every,
  hopping,
  perEvent,
  pipeline,
  type PipelineBuilder,
  r2,
  session,
  sliding,
  topic,
  tumbling,
  unlimited,
} from "./index.ts";

interface Flight {
  readonly origin: string;
  readonly delay: number;
}

const define = ({ stream }: PipelineBuilder): void => {
  const flights = stream<Flight>("flights").filter((flight) => flight.delay > 15);
  flights.to("late-flights");
  flights
    .filter((flight) => flight.origin !== "")
    .groupByKey()
    .windowedBy(hopping({ size: "1 hour", advance: "15 minutes", grace: "5 minutes" }))
    .count({ retention: "1 day" })
    .toStream()
    .mapValues((count, window) => ({ origin: window.key, count }))
    .to(d1("counts", { columns: { origin: "TEXT", count: "INTEGER" }, primaryKey: ["origin"] }));
};

test("a pipeline is a plan: nodes in order, named by word and count [DSL-1, DSL-6]", () => {
  const { plan } = pipeline("late", define);
  expect(plan).toMatchObject({
    name: "late",
    version: 1,
    trigger: { kind: "perEvent" },
    deadLetterTopic: "late.dead-letters",
  });
  expect(plan.nodes.map(({ name, kind, inputs }) => `${name}:${kind}<-${inputs.join()}`)).toEqual([
    "source-1:source<-",
    "filter-1:filter<-source-1",
    "sink-1:sink<-filter-1",
    "filter-2:filter<-filter-1",
    "count-1:aggregate<-filter-2",
    "mapValues-1:mapValues<-count-1",
    "sink-2:sink<-mapValues-1",
  ]);
  expect(plan.nodes[4]).toMatchObject({
    store: { name: "count-1", retentionMs: 86_400_000 },
    windows: { kind: "time", sizeMs: 3_600_000, advanceMs: 900_000, graceMs: 300_000 },
  });
  expect(plan.nodes[6]).toMatchObject({
    sink: { kind: "d1", table: "counts", columns: { origin: "TEXT", count: "INTEGER" }, primaryKey: ["origin"] },
  });
});

test("trigger and version give a changed copy [DSL-2]", () => {
  const first = pipeline("late", define);
  const second = first.trigger(every("2 seconds")).version(2);
  expect(second.plan).toMatchObject({ version: 2, trigger: { kind: "every", intervalMs: 2_000 } });
  expect(first.plan).toMatchObject({ version: 1, trigger: perEvent() });
  expect(second.plan.nodes).toBe(first.plan.nodes);
});

test("every operator builds its node [DSL-1]", () => {
  const { plan } = pipeline("all", ({ stream }) => {
    const flights = stream<Flight>("flights");
    flights.map((flight) => ({ key: flight.origin, value: 1 })).to(topic("a"));
    flights.flatMap((flight, key) => [{ key, value: flight }]).to("b");
    flights.selectKey((flight) => flight.origin).to("c");
    flights.toTable({ store: "last" }).to("d");
    flights
      .groupByKey()
      .reduce((worst, flight) => (flight.delay > worst.delay ? flight : worst))
      .to("e");
    flights
      .groupByKey()
      .aggregate(
        () => 0,
        (sum, flight) => sum + flight.delay,
        { store: "sums" },
      )
      .to("f");
    flights.to(r2("all/flights", { path: (flight) => flight.origin, roll: "5 minutes", maxFileBytes: 1_000 }));
  });
  expect(plan.nodes.map((node) => node.name).join(" ")).toBe(
    "source-1 map-1 sink-1 flatMap-1 sink-2 selectKey-1 sink-3 toTable-1 sink-4 reduce-1 sink-5 aggregate-1 sink-6 sink-7",
  );
  const reduce = plan.nodes.find((node) => node.name === "reduce-1");
  expect(reduce).not.toHaveProperty("initializer");
  expect(plan.nodes.at(-1)).toMatchObject({ sink: { prefix: "all/flights", rollMs: 300_000, maxFileBytes: 1_000 } });
});

test("an R2 path is the day of the record unless told [DSL-5]", () => {
  const { sink } = r2("flights");
  const context = { timestampMs: Date.UTC(2001, 0, 10, 23, 59), offset: 0, topic: "t", partition: 0, headers: [] };
  expect(sink.kind === "r2" && sink.path({}, null, context)).toBe("2001-01-10");
});

test("a topic read twice is one source [DSL-1]", () => {
  const { plan } = pipeline("two", ({ stream }) => {
    stream("flights").to("a");
    stream("flights").to("b");
  });
  expect(plan.nodes.filter((node) => node.kind === "source")).toHaveLength(1);
});

const copy = ({ stream }: PipelineBuilder): void => stream("a").to("b");
test.each<[wrong: string, define: () => unknown, message: string]>([
  ["pipeline name", () => pipeline("a b", copy), `"a b" is not a pipeline name`],
  ["version", () => pipeline("p", copy).version(0), "Use a whole number from 1."],
  ["topic", () => pipeline("p", ({ stream }) => stream("a/b")), `"a/b" is not a topic name`],
  ["internal topic", () => topic("__a"), `no leading "__"`],
  ["store", () => pipeline("p", ({ stream }) => stream("a").toTable({ store: "" })), `"" is not a store name`],
  ["nothing", () => pipeline("p", () => undefined), `Begin with stream("<topic>")`],
  ["async", () => pipeline("p", async ({ stream }) => stream("a").to("b")), "Define it synchronously"],
  [
    "formats",
    () => pipeline("p", ({ stream }) => [stream("a"), stream("a", { format: "text" })]),
    "Read it once as bytes",
  ],
  ["table", () => d1("sqlite_a", { columns: { a: "TEXT" }, primaryKey: ["a"] }), `"sqlite_a" is not a table name`],
  ["our table", () => d1("Millrace_a", { columns: { a: "TEXT" }, primaryKey: ["a"] }), "is not a table name"],
  ["long table", () => d1("a".repeat(64), { columns: { a: "TEXT" }, primaryKey: ["a"] }), "is not a table name"],
  ["column", () => d1("a", { columns: { "a-b": "TEXT" }, primaryKey: ["a-b"] }), `"a-b" is not a column name`],
  ["prefix", () => r2("/flights"), `"/flights" is not an R2 prefix`],
  ["dots", () => r2("a/../b"), "is not an R2 prefix"],
  ["file bytes", () => r2("a", { maxFileBytes: 0 }), "Use a whole number of bytes above 0."],
  ["trigger", () => every("10 ms"), "Use perEvent() for less than 100 ms."],
  ["size", () => tumbling({ size: 0, grace: 0 }), "Use a size above 0"],
  ["gaps", () => hopping({ size: "1 hour", advance: "2 hours", grace: 0 }), "Advance by more than 0"],
  ["hops", () => hopping({ size: "1 hour", advance: "1 second", grace: 0 }), "3600 windows"],
  ["step", () => cumulative({ size: "1 hour", step: "25 minutes", grace: 0 }), "Use a step that divides the size."],
  ["steps", () => cumulative({ size: "1 hour", step: "1 second", grace: 0 }), "3600 windows"],
  ["difference", () => sliding({ difference: 0, grace: 0 }), "Use a size above 0"],
  ["gap", () => session({ gap: 0, grace: 0 }), "Use a gap above 0"],
  ["longest gap", () => session({ gap: () => 1, maxGap: "400 days", grace: 0 }), "up to 366 days"],
  ["start", () => unlimited({ start: -1 }), "Give ms since the epoch"],
])("a wrong %s throws where it is written, with a remedy [DSL-7]", (_wrong, attempt, message) => {
  expect(attempt).toThrow(message);
});

test("a stream used after the definition throws [DSL-7]", () => {
  let kept: ReturnType<PipelineBuilder["stream"]> | undefined;
  pipeline("p", ({ stream }) => {
    kept = stream("a");
  });
  expect(() => kept?.to("b")).toThrow("called after the pipeline was defined");
});
