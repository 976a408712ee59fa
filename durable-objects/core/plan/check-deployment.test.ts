import { expect, test } from "vitest";
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
