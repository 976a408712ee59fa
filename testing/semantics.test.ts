// Bounds of Kafka Streams' operators that its own cases do not touch: ends of windows, ties, null keys and values.
import { describe, expect, test } from "vitest";
import {
  joinWindows,
  onClose,
  pipeline,
  type PipelineBuilder,
  session,
  sliding,
  hopping,
  tumbling,
  untilTimeLimit,
  BufferConfig,
  untilWindowCloses,
} from "../sdk/streams/index.ts";
import { TopologyTestDriver } from "./topology-test-driver.ts";

type Given = readonly [topic: string, key: string | null, value: string | null, timestampMs: number];

const pair = (left: string | null, right: string | null): string => `${left}+${right}`;

/** What comes out after each record: `key=value@time`, of a window `key[start,end]`. After each the memory is lost. */
function after(define: (builder: PipelineBuilder) => unknown, given: readonly Given[]): string[][] {
  const driver = new TopologyTestDriver(pipeline("p", define));
  return given.map(([topic, key, value, timestampMs]) => {
    driver.pipe(topic, { key, value, timestampMs });
    driver.crash();
    return driver.read("out").map((record) => `${keyText(record.key)}=${String(record.value)}@${record.timestampMs}`);
  });
}

function keyText(key: unknown): string {
  if (typeof key !== "object" || key === null) return String(key);
  const { key: name, start, end } = key as { key: string; start: number; end: number };
  return `${name}[${start},${end}]`;
}

describe("stream-stream joins", () => {
  const joined =
    (kind: "join" | "leftJoin" | "outerJoin", windows: Parameters<typeof joinWindows>[0]) =>
    ({ stream }: PipelineBuilder): unknown => {
      const [left, right] = [stream<string>("l"), stream<string>("r")];
      if (kind === "join") return left.join(right, pair, joinWindows(windows)).to("out");
      return kind === "leftJoin"
        ? left.leftJoin(right, pair, joinWindows(windows)).to("out")
        : left.outerJoin(right, pair, joinWindows(windows)).to("out");
    };

  test("both ends of an asymmetric window match, a millisecond beyond does not; results have the later time [JON-1]", () => {
    const given: readonly Given[] = [
      ["l", "k", "L", 100],
      ["r", "k", "r0", 89],
      ["r", "k", "r1", 90],
      ["r", "k", "r2", 105],
      ["r", "k", "r3", 106],
    ];
    expect(after(joined("join", { before: 10, after: 5, grace: 100 }), given)).toEqual([
      [],
      [],
      ["k=L+r1@100"],
      ["k=L+r2@105"],
      [],
    ]);
  });

  test("a null value is in no result; a null key is unmatched at once, or in an inner join in none [JON-1]", () => {
    const given: readonly Given[] = [
      ["l", null, "L", 1],
      ["r", null, "R", 2],
      ["l", "k", null, 3],
      ["r", "k", null, 3],
    ];
    const windows = { before: 5, after: 5, grace: 0 };
    expect(after(joined("join", windows), given)).toEqual([[], [], [], []]);
    expect(after(joined("leftJoin", windows), given)).toEqual([["null=L+null@1"], [], [], []]);
    expect(after(joined("outerJoin", windows), given)).toEqual([["null=L+null@1"], ["null=null+R@2"], [], []]);
  });

  test("an unmatched record comes out once time is past its last match and grace, not at it, before the record's own [JON-1]", () => {
    const given: readonly Given[] = [
      ["l", "a", "A", 100],
      ["r", "b", "B", 100],
      ["r", "x", "X", 112],
      ["l", "x", "Y", 113],
    ];
    // after + grace of the left 7 + 5, before + grace of the right 3 + 5.
    expect(after(joined("outerJoin", { before: 3, after: 7, grace: 5 }), given)).toEqual([
      [],
      [],
      ["b=null+B@100"],
      ["a=A+null@100", "x=Y+X@113"],
    ]);
  });

  test("of one time the right side comes out first, then by key [JON-1]", () => {
    const given: readonly Given[] = [
      ["l", "b", "B", 10],
      ["l", "a", "A", 10],
      ["r", "c", "C", 10],
      ["l", "z", "Z", 500],
    ];
    expect(after(joined("outerJoin", { before: 5, after: 5, grace: 0 }), given).at(-1)).toEqual([
      "c=null+C@10",
      "a=A+null@10",
      "b=B+null@10",
    ]);
  });

  test("a record that is too old to be kept still matches what is there [JON-1]", () => {
    const given: readonly Given[] = [
      ["r", "k", "R", 80],
      ["l", "t", "T", 100],
      ["l", "k", "late", 70],
      ["r", "k", "again", 75],
    ];
    expect(after(joined("join", { before: 10, after: 10, grace: 0 }), given)).toEqual([[], [], ["k=late+R@80"], []]);
  });
});

describe("windows", () => {
  const counted =
    (windows: ReturnType<typeof tumbling>) =>
    ({ stream }: PipelineBuilder): unknown =>
      stream<string>("in").groupByKey().windowedBy(windows).count().to("out");

  test("a window takes records until time less grace has reached its end [WIN-1]", () => {
    const given: readonly Given[] = [
      ["in", "t", "v", 14],
      ["in", "k", "v", 9],
      ["in", "t", "v", 15],
      ["in", "k", "v", 9],
      ["in", null, "v", 15],
    ];
    expect(after(counted(tumbling({ size: 10, grace: 5 })), given)).toEqual([
      ["t[10,20]=1@14"],
      ["k[0,10]=1@9"],
      ["t[10,20]=2@15"],
      [],
      [],
    ]);
  });

  test("a late record is counted in those of its hopping windows that are open [WIN-1]", () => {
    const given: readonly Given[] = [
      ["in", "t", "v", 12],
      ["in", "k", "v", 8],
      ["in", "k", "v", 10],
    ];
    expect(after(counted(hopping({ size: 10, advance: 5, grace: 0 })), given)).toEqual([
      ["t[5,15]=1@12", "t[10,20]=1@12"],
      ["k[5,15]=1@8"],
      ["k[5,15]=2@10", "k[10,20]=1@10"],
    ]);
  });

  test("on close a window comes out when time less grace is its end, by start, then key, once [WIN-5]", () => {
    const define = ({ stream }: PipelineBuilder): unknown =>
      stream<string>("in")
        .groupByKey()
        .windowedBy(tumbling({ size: 10, grace: 5 }))
        .emit(onClose())
        .count()
        .to("out");
    const given: readonly Given[] = [
      ["in", "b", "v", 3],
      ["in", "a", "v", 13],
      ["in", "a", "v", 4],
      ["in", "t", "v", 14],
      ["in", "t", "v", 15],
      ["in", "t", "v", 200],
    ];
    expect(after(define, given)).toEqual([
      [],
      [],
      [],
      [],
      ["a[0,10]=1@4", "b[0,10]=1@3"],
      ["a[10,20]=1@13", "t[10,20]=2@15"],
    ]);
  });
});

describe("sessions", () => {
  const sessions = (gap: number, grace: number) => (builder: PipelineBuilder) =>
    builder.stream<string>("in").groupByKey().windowedBy(session({ gap, grace })).count().to("out");

  test("records a gap apart are one session, and one in between merges two [WIN-12]", () => {
    const given: readonly Given[] = [
      ["in", "k", "v", 0],
      ["in", "k", "v", 11],
      ["in", "k", "v", 21],
      ["in", "k", "v", 5],
      ["in", "k", "v", 5],
    ];
    expect(after(sessions(10, 100), given)).toEqual([
      ["k[0,0]=1@0"],
      ["k[11,11]=1@11"],
      ["k[11,11]=null@11", "k[11,21]=2@21"],
      ["k[0,0]=null@0", "k[11,21]=null@21", "k[0,21]=4@21"],
      ["k[0,21]=null@21", "k[0,21]=5@21"],
    ]);
  });

  test("the same instant again has no tombstone, and the last time that is not late is a gap and grace ago [WIN-12]", () => {
    const given: readonly Given[] = [
      ["in", "k", "v", 0],
      ["in", "k", "v", 0],
      ["in", "t", "v", 15],
      ["in", "a", "v", 0],
      ["in", "t", "v", 16],
      ["in", "b", "v", 0],
    ];
    expect(after(sessions(10, 5), given)).toEqual([
      ["k[0,0]=1@0"],
      ["k[0,0]=2@0"],
      ["t[15,15]=1@15"],
      ["a[0,0]=1@0"],
      ["t[15,15]=null@15", "t[15,16]=2@16"],
      [],
    ]);
  });

  test("on close a session comes out a millisecond after its last one may [WIN-12]", () => {
    const define = ({ stream }: PipelineBuilder): unknown =>
      stream<string>("in")
        .groupByKey()
        .windowedBy(session({ gap: 10, grace: 5 }))
        .emit(onClose())
        .count()
        .to("out");
    const given: readonly Given[] = [
      ["in", "k", "v", 0],
      ["in", "t", "v", 15],
      ["in", "t", "v", 16],
    ];
    expect(after(define, given)).toEqual([[], [], ["k[0,0]=1@0"]]);
  });
});

test("sliding windows hold both of their ends [WIN-16]", () => {
  const define = ({ stream }: PipelineBuilder): unknown =>
    stream<string>("in")
      .groupByKey()
      .windowedBy(sliding({ difference: 10, grace: 100 }))
      .count()
      .to("out");
  const given: readonly Given[] = [
    ["in", "k", "v", 20],
    ["in", "k", "v", 30],
    ["in", "k", "v", 41],
  ];
  expect(after(define, given)).toEqual([["k[10,20]=1@20"], ["k[21,31]=1@30", "k[20,30]=2@30"], ["k[31,41]=1@41"]]);
});

describe("tables", () => {
  test("rows of the past: a stream meets what a versioned table had at its time, after its grace [JON-11]", () => {
    const define = ({ stream, table }: PipelineBuilder): unknown =>
      stream<string>("l")
        .leftJoin(table<string>("r", { versioned: { historyRetention: 100 } }), pair, { grace: 5 })
        .to("out");
    const given: readonly Given[] = [
      ["r", "k", "R10", 10],
      ["l", "k", "1", 12],
      ["r", "k", "R11", 11],
      ["l", "t", "t", 16],
      ["l", "t", "t", 17],
      ["l", "k", "2", 9],
      ["r", "k", null, 8],
    ];
    expect(after(define, given)).toEqual([[], [], [], [], ["k=1+R11@12"], ["k=2+null@9"], []]);
  });

  test("a late row of a versioned table changes no join of tables [JON-12]", () => {
    const define = ({ table }: PipelineBuilder): unknown =>
      table<string>("l")
        .outerJoin(table<string>("r", { versioned: { historyRetention: 100 } }), pair)
        .to("out");
    const given: readonly Given[] = [
      ["r", "k", "new", 5],
      ["r", "k", "old", 4],
      ["l", "k", "L", 3],
      ["r", "k", null, 2],
      ["r", "k", null, 6],
      ["l", "k", null, 7],
      ["l", "k", null, 8],
    ];
    expect(after(define, given)).toEqual([["k=null+new@5"], [], ["k=L+new@5"], [], ["k=L+null@6"], ["k=null@7"], []]);
  });

  test("a key that is held back keeps the place of its first change [SUP-1]", () => {
    const define = ({ table }: PipelineBuilder): unknown =>
      table<string>("in").suppress(untilTimeLimit(10, BufferConfig.unbounded())).to("out");
    const given: readonly Given[] = [
      ["in", "a", "1", 0],
      ["in", "b", "1", 5],
      ["in", "a", "2", 9],
      ["in", "t", "1", 10],
      ["in", "a", "3", 11],
      ["in", "t", "2", 15],
    ];
    expect(after(define, given)).toEqual([[], [], [], ["a=2@9"], [], ["b=1@5"]]);
  });

  test("of windows that are taken back nothing final comes [SUP-1]", () => {
    const define = ({ stream }: PipelineBuilder): unknown =>
      stream<string>("in")
        .groupByKey()
        .windowedBy(session({ gap: 5, grace: 0 }))
        .count()
        .suppress(untilWindowCloses())
        .to("out");
    const given: readonly Given[] = [
      ["in", "k", "v", 0],
      ["in", "k", "v", 3],
      ["in", "t", "v", 8],
      ["in", "t", "v", 9],
    ];
    expect(after(define, given)).toEqual([[], [], ["k[0,3]=2@3"], []]);
  });

  test("of two tables only a result that was there has a tombstone; late rows count where nothing is versioned [JON-12]", () => {
    const define = ({ table }: PipelineBuilder): unknown => table<string>("l").join(table<string>("r"), pair).to("out");
    const given: readonly Given[] = [
      ["l", "k", null, 1],
      ["r", "k", "R", 5],
      ["l", "k", "L", 3],
      ["l", "k", "older", 2],
      ["r", "k", null, 4],
      ["l", "k", null, 6],
    ];
    expect(after(define, given)).toEqual([[], [], ["k=L+R@5"], ["k=older+R@5"], ["k=null@4"], []]);
  });

  test("a null value is no change of an aggregate by key, and one of a window [AGG-1, WIN-1]", () => {
    const given: readonly Given[] = [
      ["in", "k", "v", 1],
      ["in", "k", null, 2],
      ["in", null, "v", 3],
    ];
    const define = ({ stream }: PipelineBuilder): unknown => stream<string>("in").groupByKey().count().to("out");
    expect(after(define, given)).toEqual([["k=1@1"], [], []]);
    const windowed = ({ stream }: PipelineBuilder): unknown =>
      stream<string>("in")
        .groupByKey()
        .windowedBy(tumbling({ size: 10, grace: 0 }))
        .count()
        .to("out");
    expect(after(windowed, given)).toEqual([["k[0,10]=1@1"], ["k[0,10]=2@2"], []]);
  });

  test("a stream meets a table as it is; only the stream gives results, and none of a null key [JON-11]", () => {
    const define = ({ stream, table }: PipelineBuilder): unknown =>
      stream<string>("l").leftJoin(table<string>("r"), pair).to("out");
    const given: readonly Given[] = [
      ["l", "k", "1", 5],
      ["r", "k", "R", 9],
      ["l", "k", "2", 6],
      ["r", "k", null, 1],
      ["l", "k", "3", 7],
      ["l", null, "4", 8],
    ];
    expect(after(define, given)).toEqual([["k=1+null@5"], [], ["k=2+R@6"], [], ["k=3+null@7"], ["null=4+null@8"]]);
  });
});
