import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { d1, pipeline, type Pipeline, r2 } from "../../../sdk/streams/index.ts";
import { checkDeployment } from "./check-deployment.ts";

const table = (name: string, tableName: string): Pipeline =>
  pipeline(name, ({ stream }) =>
    stream<{ id: string }>("orders").to(d1(tableName, { columns: { id: "TEXT" }, primaryKey: ["id"] })),
  );
const files = (name: string): Pipeline => pipeline(name, ({ stream }) => stream("orders").to(r2("archive")));
const check = (...pipelines: Pipeline[]): unknown => checkDeployment(pipelines.map(({ plan }) => plan));

test("versions of one name may write one table [PLN-7]", () => {
  expect(check(table("a", "orders"), table("a", "orders").version(2), table("b", "orders_b"), files("c"))).toEqual({
    ok: true,
  });
});

test.each<[wrong: string, pipelines: Pipeline[], field: string, message: string]>([
  ["one version twice", [files("a"), files("a")], "pipelines[1].version", `pipeline "a" has version 1 twice`],
  ["one table", [table("a", "t"), table("b", "T")], "pipelines[1].nodes[1].sink", `"a" and "b" both write table "t"`],
  ["one prefix", [files("a"), files("b")], "pipelines[1].nodes[1].sink", `both write prefix "archive"`],
  [
    "a plan that cannot run",
    [files("a"), pipeline("b", ({ stream }) => stream("orders").to("orders"))],
    "pipelines[1].nodes[1].sink.topic",
    "which it reads",
  ],
])("%s is refused [PLN-7]", (_wrong, ...[pipelines, field, message]) => {
  expect(check(...pipelines)).toMatchObject({ ok: false, field, message: expect.stringContaining(message) });
});

describe("circles", () => {
  const way = (name: string, from: string, ...to: string[]): Pipeline =>
    pipeline(name, ({ stream }) => {
      for (const topic of to) stream(from).to(topic);
    });

  test("of several pipelines are refused with the shortest way round and what to do [PLN-12]", () => {
    const answer = check(way("c", "z", "x"), way("a", "x", "y", "w"), way("b", "y", "z", "v"), way("d", "v", "z"));
    expect(answer).toEqual({
      ok: false,
      code: "invalid_request",
      message: 'pipelines feed each other in a circle: "c" → x → "a" → y → "b" → z → "c"',
      field: "pipelines[0].allowCycle",
      hint: expect.stringContaining(".allowCycle() of each of these pipelines"),
    });
  });

  test("are allowed where each pipeline in them allows it, and only then [PLN-12]", () => {
    const [a, b] = [way("a", "x", "y"), way("b", "y", "x")];
    expect(check(a, b)).toMatchObject({ field: "pipelines[0].allowCycle" });
    expect(check(a.allowCycle(), b)).toMatchObject({ field: "pipelines[1].allowCycle" });
    expect(check(a, b.allowCycle())).toMatchObject({ field: "pipelines[0].allowCycle" });
    expect(check(a.allowCycle(), b.allowCycle(), way("c", "x", "out"))).toEqual({ ok: true });
  });

  test("go through dead letters too [PLN-12]", () => {
    expect(check(way("a", "x", "y"), way("again", "a.dead-letters", "x"))).toMatchObject({
      message: expect.stringContaining('"a" → a.dead-letters → "again" → x → "a"'),
    });
  });

  test("are none through two versions of a pipeline, which do not write at once [PLN-12]", () => {
    expect(check(way("a", "x", "y"), way("b", "y", "z"), way("a", "z", "w").version(2))).toEqual({ ok: true });
    expect(check(way("a", "x", "y"), way("b", "y", "z"), way("a", "z", "y").version(2))).toMatchObject({
      message: expect.stringContaining('"b" → z → "a" → y → "b"'),
    });
  });

  test("in one pipeline need it as well [PLN-5]", () => {
    expect(check(way("a", "x", "x"))).toMatchObject({ ok: false, hint: expect.stringContaining(".allowCycle()") });
    expect(check(way("a", "x", "x", "y").allowCycle())).toEqual({ ok: true });
  });

  test("are found iff some pipeline that does not allow it can reach itself [PLN-12]", () => {
    const edge = fc.record({ from: fc.nat(5), to: fc.array(fc.nat(5), { maxLength: 3 }), allowed: fc.boolean() });
    fc.assert(
      fc.property(fc.array(edge, { maxLength: 7 }), (edges) => {
        // One that writes what it reads is refused by itself.
        const plain = edges.map(({ to, ...rest }) => ({
          ...rest,
          to: [...new Set(to)].filter((t) => t !== rest.from),
        }));
        const reach = plain.map(({ to }) => {
          const found = new Set(to);
          for (let size = -1; size !== found.size;) {
            size = found.size;
            for (const topic of plain.flatMap(({ from, to: next }) => (found.has(from) ? next : []))) found.add(topic);
          }
          return found;
        });
        const refused = plain.some(({ from, allowed }, at) => !allowed && reach[at]?.has(from) === true);
        const pipelines = plain.map(({ from, to, allowed }, at) => {
          const made = way(`p${at}`, `t${from}`, ...to.map((topic) => `t${topic}`), `out${at}`);
          return allowed ? made.allowCycle() : made;
        });
        expect(check(...pipelines)).toMatchObject({ ok: !refused });
      }),
    );
  });
});
