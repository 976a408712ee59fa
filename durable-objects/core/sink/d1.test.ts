import { expect, test } from "vitest";
import type { PlanNode } from "../../../schema/plan.ts";
import type { ColumnType } from "../../../schema/sinks.ts";
import { TARGET_BATCH_BYTES } from "../../../schema/limits.ts";
import { logOf, planOf, runTask, type Outcome } from "../../test/task-harness.ts";
import { D1Rows } from "./d1.ts";
import { Outbox } from "./outbox.ts";
import { Origin, StreamRecord } from "../operator/stream-record.ts";
import { LivePayload } from "../operator/payload.ts";

const columns: { [column: string]: ColumnType } = { id: "TEXT", n: "INTEGER", mean: "REAL", raw: "BLOB" };

function d1(mapper: (value: unknown) => unknown, count = 1): Outcome {
  const nodes: PlanNode[] = [
    { kind: "source", name: "source", inputs: [], topic: "in", format: "json" },
    { kind: "mapValues", name: "map", inputs: ["source"], mapper },
    { kind: "sink", name: "d1", inputs: ["map"], sink: { kind: "d1", table: "flights", columns, primaryKey: ["id"] } },
  ];
  return runTask(planOf(nodes), logOf(Array.from({ length: count }, (_, value) => ({ value }))));
}

const rowOf = (row: unknown): string | undefined => d1(() => row).text["d1:flights"];
const errorOf = (row: unknown): string | null | undefined =>
  d1(() => row).sent["topic:dead/0"]?.[0]?.headers["millrace.error"];

test("a row is a JSON array in column order; booleans are 0 and 1, what is missing is null [SNK-5]", () => {
  expect(rowOf({ n: 12, id: "ATL", mean: 0.5 })).toBe('["ATL",12,0.5,null]');
  expect(rowOf({ id: 'q"é', n: true, mean: null, raw: Uint8Array.of(0, 255) })).toBe('["q\\"é",1,null,"00ff"]');
  expect(rowOf({ id: "a", n: false, mean: 3 })).toBe('["a",0,3,null]');
  expect(rowOf({ id: ["x", { y: 1 }], n: 2n ** 62n })).toBe('["[\\"x\\",{\\"y\\":1}]",4611686018427387904,null,null]');
  expect(d1((n) => ({ id: `${String(n)}` }), 3).text["d1:flights"]).toBe(
    '["0",null,null,null],["1",null,null,null],["2",null,null,null]',
  );
});

test("what a column cannot hold, an unknown column or a missing primary key is a dead letter [SNK-6]", () => {
  expect(errorOf({ id: "a", gate: 1 })).toBe("table flights has no column gate");
  expect(errorOf({ n: 1 })).toBe("primary key column flights.id is missing");
  expect(errorOf({ id: null })).toBe("primary key column flights.id is missing");
  expect(errorOf({ id: 5 })).toBe("column flights.id is TEXT, the value is 5");
  expect(errorOf({ id: "a", n: 1.5 })).toBe("column flights.n is INTEGER, the value is 1.5");
  expect(errorOf({ id: "a", n: 2 ** 53 })).toBe("column flights.n is INTEGER, the value is 9007199254740992");
  expect(errorOf({ id: "a", n: 2n ** 63n })).toBe("column flights.n is INTEGER, the value is 9223372036854775808");
  expect(errorOf({ id: "a", mean: NaN })).toBe("column flights.mean is REAL, the value is NaN");
  expect(errorOf({ id: "a", raw: "text" })).toBe("column flights.raw is BLOB, the value is string");
  expect(errorOf(null)).toBe("a row of table flights is an object of columns, not null");
  expect(errorOf([1])).toBe("a row of table flights is an object of columns, not an array");
});

test("rows are cut below the target size [SNK-3]", () => {
  const outbox = new Outbox();
  const sink = new D1Rows({ kind: "d1", table: "t", columns: { id: "TEXT" }, primaryKey: ["id"] }, outbox);
  const origin = new Origin("in", 0, { key: null, value: null, timestampMs: 0, headers: [], offset: 0 });
  for (let n = 0; n < 25; n++)
    sink.write(new StreamRecord(null, new LivePayload({ id: "x".repeat(100_000) }), { timestampMs: 0, origin }));
  outbox.commit();
  const rows = outbox.drain();
  expect(rows.map((row) => row.records)).toEqual([9, 9, 7]);
  for (const { body } of rows) {
    expect(body.length).toBeLessThanOrEqual(TARGET_BATCH_BYTES);
    expect(JSON.parse(`[${new TextDecoder().decode(body)}]`)).toBeInstanceOf(Array);
  }
  expect(outbox.drain()).toEqual([]);
});
