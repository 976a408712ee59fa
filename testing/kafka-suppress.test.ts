import { expect, test } from "vitest";
import {
  pipeline,
  type Pipeline,
  session,
  sliding,
  type Suppressed,
  type Windows,
  tumbling,
  BufferConfig,
  untilTimeLimit,
  untilWindowCloses,
} from "../sdk/streams/index.ts";
import { type Piped, rowsOf, runSliced, type Sliced } from "./test/slices.ts";

type Given = readonly [key: string, value: string | null, timestampMs: number, topic?: string];
type Row = readonly [key: unknown, value: unknown, timestampMs: number];

/** What goes in, and what comes out before more goes in. */
interface Step {
  readonly given: readonly Given[];
  /** Not compared where it is left out. */
  readonly raw?: readonly Row[] | undefined;
  readonly suppressed: readonly Row[];
}

/** What Kafka Streams' own tests put in and expect (facts of SuppressScenarioTest). */
interface Case {
  readonly subject: Pipeline;
  readonly steps: readonly Step[];
}

const FOR_EVER_MS = Number.MAX_SAFE_INTEGER;

/** Values counted, one count a value. */
function counted(suppressed: Suppressed<string>): Pipeline {
  return pipeline("counted", ({ table }) => {
    const counts = table<string>("in")
      .groupBy((value, key) => ({ key: value, value: key }))
      .count();
    counts.to("raw");
    counts.suppress(suppressed).to("suppressed");
  });
}

function windowed(windows: Windows): Pipeline {
  return pipeline("windowed", ({ stream }) => {
    const grouped = stream<string>("in").groupByKey();
    const windowedBy = windows.kind === "session" ? grouped.windowedBy(windows) : grouped.windowedBy(windows);
    const counts = windowedBy.count();
    counts.to("raw");
    counts.suppress(untilWindowCloses(BufferConfig.unbounded())).to("suppressed");
  });
}

const window = (key: string, start: number, end = start + 2): unknown => ({ key, start, end });

const firstThree: Pick<Step, "given"> & { readonly raw: readonly Row[] } = {
  given: [
    ["k1", "v1", 0],
    ["k1", "v2", 1],
    ["k2", "v1", 2],
  ],
  raw: [
    ["v1", 1, 0],
    ["v1", 0, 1],
    ["v2", 1, 1],
    ["v1", 1, 2],
  ],
};

/** A table held back is joined with one that is not. `held` is its topic. */
function joined(held: "left" | "right"): Case {
  const free = held === "left" ? "right" : "left";
  const pair = (free: string, held_: string): string => (held === "left" ? `(${held_},${free})` : `(${free},${held_})`);
  const subject = pipeline("joined", ({ table }) => {
    const tables = { left: table<string>("left"), right: table<string>("right") };
    const waiting = { ...tables, [held]: tables[held].suppress(untilTimeLimit(10, BufferConfig.unbounded())) };
    waiting.left.outerJoin(waiting.right, (left, right) => `(${left},${right})`).to("suppressed");
  });
  const steps: readonly Step[] = [
    {
      given: [
        ["B", "1", 0, held],
        ["A", "1", 0, held],
      ],
      suppressed: [],
    },
    {
      given: [["tick", "tick", 10, held]],
      suppressed: [
        ["A", pair("null", "1"), 0],
        ["B", pair("null", "1"), 0],
      ],
    },
    { given: [["A", "2", 11, held]], suppressed: [] },
    { given: [["A", "a", 12, free]], suppressed: [["A", pair("a", "1"), 12]] },
    { given: [["B", "b", 12, free]], suppressed: [["B", pair("b", "1"), 12]] },
    { given: [["A", "b", 13, free]], suppressed: [["A", pair("b", "1"), 13]] },
    {
      given: [["tick", "tick", 21, held]],
      suppressed: [
        ["tick", pair("null", "tick"), 21],
        ["A", pair("b", "2"), 13],
      ],
    },
  ];
  return { subject, steps };
}

const fullAtTwo: readonly Step[] = [
  {
    ...firstThree,
    suppressed: [
      ["v1", 0, 1],
      ["v2", 1, 1],
    ],
  },
  { given: [["x", "x", 3]], raw: [["x", 1, 3]], suppressed: [["v1", 1, 2]] },
];

const cases: { readonly [test: string]: Case } = {
  "immediately with a limit of zero": {
    subject: counted(untilTimeLimit(0, BufferConfig.unbounded())),
    steps: [
      { ...firstThree, suppressed: firstThree.raw },
      { given: [["x", "x", 3]], raw: [["x", 1, 3]], suppressed: [["x", 1, 3]] },
      {
        given: [["x", "y", 4]],
        raw: [
          ["x", 0, 4],
          ["y", 1, 4],
        ],
        suppressed: [
          ["x", 0, 4],
          ["y", 1, 4],
        ],
      },
    ],
  },
  shouldSuppressIntermediateEventsWithTimeLimit: {
    subject: counted(untilTimeLimit(2, BufferConfig.unbounded())),
    steps: [
      { ...firstThree, suppressed: [["v1", 1, 2]] },
      { given: [["tick", "tick", 3]], raw: [["tick", 1, 3]], suppressed: [["v2", 1, 1]] },
      {
        given: [["tick", "tock", 4]],
        raw: [
          ["tick", 0, 4],
          ["tock", 1, 4],
        ],
        suppressed: [],
      },
    ],
  },
  "a limit of records": { subject: counted(untilTimeLimit(FOR_EVER_MS, BufferConfig.maxRecords(1))), steps: fullAtTwo },
  "a limit of bytes": {
    subject: counted(untilTimeLimit(FOR_EVER_MS, BufferConfig.maxBytes(200).emitEarlyWhenFull())),
    steps: fullAtTwo,
  },
  shouldSupportFinalResultsForTimeWindows: {
    subject: windowed(tumbling({ size: 2, grace: 1 })),
    steps: [
      {
        given: [0, 1, 2, 1, 0, 5, 0].map((timestampMs) => ["k1", "v1", timestampMs]),
        raw: [
          [window("k1", 0), 1, 0],
          [window("k1", 0), 2, 1],
          [window("k1", 2), 1, 2],
          [window("k1", 0), 3, 1],
          [window("k1", 0), 4, 1],
          [window("k1", 4), 1, 5],
        ],
        suppressed: [
          [window("k1", 0), 4, 1],
          [window("k1", 2), 1, 2],
        ],
      },
    ],
  },
  "final results with a large jump": {
    subject: windowed(tumbling({ size: 2, grace: 2 })),
    steps: [
      {
        given: [0, 1, 2, 0, 3, 0, 4, 0, 30].map((timestampMs) => ["k1", "v1", timestampMs]),
        raw: [
          [window("k1", 0), 1, 0],
          [window("k1", 0), 2, 1],
          [window("k1", 2), 1, 2],
          [window("k1", 0), 3, 1],
          [window("k1", 2), 2, 3],
          [window("k1", 0), 4, 1],
          [window("k1", 4), 1, 4],
          [window("k1", 30), 1, 30],
        ],
        suppressed: [
          [window("k1", 0), 4, 1],
          [window("k1", 2), 2, 3],
          [window("k1", 4), 1, 4],
        ],
      },
    ],
  },
  shouldSupportFinalResultsForSlidingWindows: {
    subject: windowed(sliding({ difference: 5, grace: 15 })),
    steps: [
      {
        given: [10, 11, 10, 13, 10, 24, 5, 7, 90].map((timestampMs) => ["k1", "v1", timestampMs]),
        suppressed: [
          [window("k1", 5, 10), 5, 10],
          [window("k1", 6, 11), 5, 11],
          [window("k1", 8, 13), 5, 13],
          [window("k1", 11, 16), 2, 13],
          [window("k1", 12, 17), 1, 13],
          [window("k1", 19, 24), 1, 24],
        ],
      },
    ],
  },
  shouldSupportFinalResultsForSessionWindows: {
    subject: windowed(session({ gap: 5, grace: 0 })),
    steps: [
      {
        given: [
          ["k1", "v1", 0],
          ["k1", "v1", 5],
          ["k1", "v1", 1],
          ["k2", "v1", 11],
          ["k1", "v1", 5],
          ["k1", "v1", 30],
        ],
        raw: [
          [window("k1", 0, 0), 1, 0],
          [window("k1", 0, 0), null, 0],
          [window("k1", 0, 5), 2, 5],
          [window("k1", 0, 5), null, 5],
          [window("k1", 0, 5), 3, 5],
          [window("k2", 11, 11), 1, 11],
          [window("k1", 30, 30), 1, 30],
        ],
        suppressed: [
          [window("k1", 0, 5), 3, 5],
          [window("k2", 11, 11), 1, 11],
        ],
      },
    ],
  },
  shouldWorkBeforeJoinLeft: joined("left"),
  shouldWorkBeforeJoinRight: joined("right"),
  shouldWorkBeforeGroupBy: {
    subject: pipeline("before-group-by", ({ table }) =>
      table<string>("in")
        .suppress(untilTimeLimit(10, BufferConfig.unbounded()))
        .groupBy((value, key) => ({ key, value }))
        .count()
        .to("suppressed"),
    ),
    steps: [
      {
        given: [
          ["A", "a", 0],
          ["tick", "tick", 10],
        ],
        raw: [],
        suppressed: [["A", 1, 0]],
      },
    ],
  },
};

/** What comes out by step where a step is a slice or several. */
function outputs({ subject, steps }: Case, slicing: Sliced): unknown {
  const driver = runSliced(subject, [], slicing);
  const writes = subject.plan.nodes.some(
    (node) => node.kind === "sink" && "topic" in node.sink && node.sink.topic === "raw",
  );
  return steps.map(({ given, raw }) => {
    const records = given.map(([key, value, ...[timestampMs, topic = "in"]]): Piped => ({
      topic,
      key,
      value,
      timestampMs,
    }));
    runSliced(driver, records, slicing);
    return { raw: raw && rowsOf(writes ? driver.read("raw") : []), suppressed: rowsOf(driver.read("suppressed")) };
  });
}

test.each(Object.entries(cases))("%s, as Kafka [SUP-1, SUP-2, SUP-3]", (_, subject) => {
  const expected = subject.steps.map(({ raw, suppressed }) => ({ raw, suppressed }));
  for (const slicing of [{}, { size: 1, crash: true }, { size: 3, crash: true }, { size: 2 }])
    expect(outputs(subject, slicing)).toEqual(expected);
});
