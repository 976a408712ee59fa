import { expect, test } from "vitest";
import {
  cumulative,
  d1,
  every,
  BufferConfig,
  untilTimeLimit,
  untilWindowCloses,
  hopping,
  onClose,
  pipeline,
  r2,
  session,
  sliding,
  tumbling,
  unlimited,
  type NonSessionWindows,
} from "../../../sdk/streams/index.ts";
import { describePlan } from "./describe.ts";
import { durationText } from "../../../schema/topology/duration-text.ts";

const { plan } = pipeline("hours", ({ stream }) => {
  const lines = stream("flights", { format: "text" });
  lines
    .groupByKey()
    .windowedBy(tumbling({ size: "1 hour", grace: "0 seconds" }))
    .count({ store: "per-hour" })
    .toStream()
    .mapValues((count, window) => ({ airport: window.key, count }))
    .to(d1("hours", { columns: { airport: "TEXT", count: "INTEGER" }, primaryKey: ["airport"] }));
  lines
    .groupByKey()
    .windowedBy(hopping({ size: "2 hours", advance: "90 seconds", grace: 5 }))
    .count();
  lines.toTable({ store: "last" }).to("last-flights");
  lines.to(r2("archive"));
}).trigger(every("2 seconds"));

test("a plan is described as text [PLN-6]", () => {
  expect(describePlan(plan).text).toBe(
    `Pipeline: hours (version 1, every("2 seconds"))
  source-1 (topic flights as text)
  count-1 (store per-hour, tumbling 1 hour, grace 0 ms) <- source-1
  mapValues-1 <- count-1
  sink-1 (D1 table hours by airport) <- mapValues-1
  count-2 (store count-2, hopping 2 hours by 90 seconds, grace 5 ms) <- source-1
  toTable-1 (store last) <- source-1
  sink-2 (topic last-flights) <- toTable-1
  sink-3 (R2 files archive/) <- source-1`,
  );
});

test("a plan is described as data and as a flowchart [PLN-6]", () => {
  const { mermaid, nodes, stores, sources, sinks, trigger } = describePlan(plan);
  expect(mermaid.split("\n").slice(0, 4)).toEqual([
    "flowchart LR",
    `  n0(["source-1<br/>topic flights as text"])`,
    `  n1[("count-1<br/>store per-hour, tumbling 1 hour, grace 0 ms")]`,
    `  n2["mapValues-1"]`,
  ]);
  expect(mermaid).toContain("  n1 --> n2");
  expect(nodes[2]).toEqual({ name: "mapValues-1", kind: "mapValues", inputs: ["count-1"], task: "flights" });
  expect(stores).toMatchObject([
    { name: "per-hour", kind: "window", windows: "time" },
    { name: "count-2", kind: "window", windows: "time" },
    { name: "last", kind: "keyValue" },
  ]);
  expect(sources).toEqual(["flights"]);
  expect(trigger).toBe(`every("2 seconds")`);
  expect(sinks).toEqual([
    { kind: "d1", name: "hours", columns: ["airport", "count"] },
    { kind: "topic", name: "last-flights" },
    { kind: "r2", name: "archive" },
  ]);
});

test("a plan that is cut is described by its tasks, with the topics between them [PLN-6]", () => {
  const cut = pipeline("by-shop", ({ stream }) =>
    stream("orders")
      .selectKey(() => "a")
      .groupByKey()
      .count()
      .toStream()
      .repartition({ partitions: 2 })
      .to("counts"),
  );
  const { text, mermaid } = describePlan(cut.plan);
  expect(text).toBe(`Pipeline: by-shop (version 1, perEvent())
  Task of orders
    source-1 (topic orders)
    selectKey-1 <- source-1
  Task of __selectKey-1
    count-1 (store count-1) <- selectKey-1
  Task of __repartition-1
    sink-1 (topic counts) <- repartition-1
  repartition-1 (2 partitions) <- count-1`);
  expect(mermaid).toBe(`flowchart LR
  subgraph t0["orders"]
    n0(["source-1<br/>topic orders"])
    n1["selectKey-1"]
  end
  subgraph t1["__selectKey-1"]
    n2[("count-1<br/>store count-1")]
  end
  subgraph t2["__repartition-1"]
    n4(["sink-1<br/>topic counts"])
  end
  n3[/"repartition-1<br/>2 partitions"/]
  n0 --> n1
  n1 -- "__selectKey-1" --> n2
  n2 --> n3
  n3 --> n4`);
});

test("windows are described as they are written [PLN-6]", () => {
  const text = (windows: NonSessionWindows): string | undefined =>
    describePlan(pipeline("p", ({ stream }) => stream("in").groupByKey().windowedBy(windows).count()).plan).nodes[1]
      ?.detail;
  expect(text(cumulative({ size: "1 day", step: "1 hour", grace: 0 }))).toBe(
    "store count-1, cumulative 1 day by 1 hour, grace 0 ms",
  );
  expect(text(sliding({ difference: "1 minute", grace: 0 }))).toBe("store count-1, sliding 1 minute, grace 0 ms");
  const sessions = session({ gap: "5 minutes", grace: "1 minute" });
  const detail = (windows: typeof sessions): string | undefined =>
    describePlan(
      pipeline("p", ({ stream }) => stream("in").groupByKey().windowedBy(windows).emit(onClose()).count()).plan,
    ).nodes[1]?.detail;
  expect(detail(sessions)).toBe("store count-1, session gap 5 minutes, grace 1 minute, on close");
  expect(detail(session({ gap: () => 1, maxGap: "1 hour", grace: 0 }))).toBe(
    "store count-1, session gap up to 1 hour, grace 0 ms, on close",
  );
  expect(text(unlimited())).toBe("store count-1, unlimited");
  expect(text(unlimited({ start: 5 }))).toBe("store count-1, unlimited from 5");
});

test("what is held back is described with its bounds [PLN-6]", () => {
  const described = describePlan(
    pipeline("p", ({ stream, table }) => {
      table("t")
        .filter(() => true, { store: "rows" })
        .suppress(untilTimeLimit("5 seconds", BufferConfig.maxRecords(9).withMaxBytes(8)));
      const hours = stream("in")
        .groupByKey()
        .windowedBy(tumbling({ size: "1 hour", grace: 0 }))
        .count();
      hours.suppress(untilWindowCloses(BufferConfig.unbounded().withMaxRecords(7)));
      hours.suppress(untilWindowCloses());
    }).plan,
  );
  expect(described.nodes.map(({ name, detail }) => `${name} (${detail})`)).toEqual(
    expect.arrayContaining([
      "filter-1 (store rows)",
      "suppress-1 (until 5 seconds, at most 9 records and 8 bytes, then early)",
      "suppress-2 (until the window closes, at most 7 records, then it stops)",
      "suppress-3 (until the window closes)",
    ]),
  );
  expect(described.stores.map(({ name }) => name)).toEqual(["table-1", "rows", "count-1"]);
});

test("a duration is written in its largest whole unit [PLN-6]", () => {
  expect([0, 1, 999, 1_000, 90_000, 3_600_000, 172_800_000].map(durationText)).toEqual([
    "0 ms",
    "1 ms",
    "999 ms",
    "1 second",
    "90 seconds",
    "1 hour",
    "2 days",
  ]);
});
