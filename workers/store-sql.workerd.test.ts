import { createExecutionContext, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import type { Env } from "../durable-objects/env.ts";
import { bundle } from "../durable-objects/test/objects.ts";
import { kept } from "../pipelines/test/reads.ts";
import { MAX_SQL_PAIRS } from "../schema/limits.ts";
import { sqlAnswer } from "../schema/wire/answer/sql.ts";
import { app } from "./app.ts";
import { call, shaped, type Target } from "./test/http.ts";
import { PipelineClient } from "./test/pipeline-client.ts";
import { refused } from "./test/refused.ts";

const bindings: Env = { ...(env as unknown as Env), MILLRACE_AUTH: "off" };
const target: Target = {
  baseUrl: "http://millrace.test",
  fetch: async (url, init) => app.fetch(new Request(url, init), bindings, createExecutionContext()),
};

const NAME = "queried";
const KEYS = ["ada", "bob", "cyd", "dee", "eve", "fay"];

async function ask(sql: string, more: object = {}) {
  return call(target, `POST /v1/pipelines/${NAME}/sql`, { body: { sql, ...more } });
}

async function answer(sql: string, more: object = {}) {
  return shaped(await ask(sql, more), sqlAnswer);
}

async function rows(sql: string, more: object = {}) {
  return (await answer(sql, more)).rows;
}

async function send(topic: string, records: readonly object[]): Promise<void> {
  const reply = await call(target, `POST /v1/topics/${NAME}-${topic}/records`, { body: { records } });
  expect(reply.status).toBe(200);
  const drained = await call(target, `POST /v1/pipelines/${NAME}/drain`);
  expect(drained).toMatchObject({ status: 200 });
}

beforeAll(async () => {
  bundle.push(kept(NAME).plan);
  for (const topic of ["in", "other", "prices"])
    await call(target, `PUT /v1/topics/${NAME}-${topic}`, { body: { partitions: 3 } });
  // In the order of time: nothing is late.
  for (let at = 0; at < KEYS.length; at++) {
    const ms = 1 + 7 * at;
    const records = KEYS.slice(at).map((key) => ({
      key,
      value: { page: ms % 2 === 0 ? "even" : "odd", ms },
      timestamp: ms,
    }));
    await send("in", records);
  }
});

describe("SQL over stores", () => {
  test("over all partitions is merged, and says what of each it reflects [SQL-1, SQL-7, SQL-8]", async () => {
    const {
      columns,
      rows: found,
      more,
      reflects,
    } = await answer("select key, value as n from counts order by n desc, key limit 3");
    expect({ columns, found, more }).toEqual({
      columns: ["key", "n"],
      found: [
        ["fay", 6],
        ["eve", 5],
        ["dee", 4],
      ],
      more: false,
    });
    expect(reflects.map(({ topic, partition }) => `${topic}/${partition}`)).toEqual(
      [0, 1, 2].map((n) => `${NAME}-in/${n}`),
    );
    expect(reflects.reduce((sum, { offset }) => sum + offset, 0)).toBe(21);
    expect(await rows("select count(*), sum(value), max(key) from counts")).toEqual([[6, 21, "fay"]]);
    expect(await rows("select start, count(*) n, sum(value) from tens group by start order by start limit 2")).toEqual([
      [0, 6, 11],
      [10, 4, 4],
    ]);
    expect(await rows("select key from counts where value > ? order by key", { parameters: [4] })).toEqual([
      ["eve"],
      ["fay"],
    ]);
  });

  test("with a key or a partition runs whatever it has, there alone [SQL-4, SQL-7, SQL-8]", async () => {
    const having = "select value, count(*) from counts group by value having count(*) > 0";
    expect(refused(await ask(having), "sql_error").detail).toContain('Give "key" or "partition"');
    const { rows: found, reflects } = await answer(having, { key: "eve" });
    expect(found).toEqual([[5, 1]]);
    expect(reflects).toHaveLength(1);
    const [{ partition, offset } = { partition: 0, offset: 0 }] = reflects;
    const there = await answer("select key from counts where key = 'eve'", { partition });
    expect(there).toMatchObject({ rows: [["eve"]], reflects: [{ partition, offset }] });
    expect(await rows("select key from counts where key = 'eve'", { partition: (partition + 1) % 3 })).toEqual([]);
    expect(await rows("select avg(value) from tens", { key: "fay" })).toEqual([[1.5]]);
    refused(await ask("select key from counts", { partition: 9 }), "unknown_partition");
    expect(await rows("select value from counts", { key: "eve", minOffset: offset })).toEqual([[5]]);
    refused(await ask("select value from counts", { key: "eve", minOffset: offset + 1, waitMs: 20 }), "timed_out");
    expect(refused(await ask("select value from counts", { minOffset: 1 }), "invalid_request").field).toBe("partition");
  });

  test("joins stores of one task by their keys [SQL-1, SQL-5]", async () => {
    const sql = `select c.key, c.value, t.start, t.value, s."end" - s.start
      from counts c join tens t on t.key = c.key left join sessions s on s.key = t.key and s.start = t.start + 1
      where c.key in ('bob', 'cyd') order by c.key, t.start`;
    expect(await rows(sql)).toEqual([
      ["bob", 2, 0, 2, 0],
      ["cyd", 3, 0, 2, 0],
      ["cyd", 3, 10, 1, null],
    ]);
    const { detail } = refused(
      await ask('select c.key from counts c join "pairs.left" p on p.key = c.key'),
      "sql_error",
    );
    expect(detail).toContain("of different tasks");
  });

  test("sees lists, maps, sides of joins and versioned tables as rows [SQL-1]", async () => {
    expect(
      await rows("select key, name, value from \"seen.pages\" where name = 'even' order by value desc limit 1"),
    ).toEqual([["fay", "even", 8 + 22 + 36]]);
    expect(await rows('select seq, value from "seen.all" order by seq', { key: "cyd" })).toEqual([
      [0, "odd"],
      [1, "even"],
      [2, "odd"],
    ]);
    expect(
      await rows(`select value ->> 'page', count(*) from "pairs.left" group by value ->> 'page' order by 1`),
    ).toMatchObject([
      ["even", expect.any(Number)],
      ["odd", expect.any(Number)],
    ]);
    await send("prices", [{ key: "tea", value: 12.5, timestamp: 100 }]);
    expect(await rows("select key, value, timestamp from prices")).toEqual([["tea", 12.5, 100]]);
  });

  test.each([
    "select name, sql from sqlite_master",
    "select body from batch",
    "select * from task",
    "select * from schema_version",
    "select * from t0",
    "pragma table_list",
    "attach ':memory:' as other",
    "delete from counts",
    "insert into counts values ('x', 1, 2)",
    "select key from counts; drop table batch",
    "select key from counts union all select body from batch",
    "with recursive n(i) as (select 1 union all select i + 1 from n) select i from n",
    "select (select count(*) from batch) from counts",
  ])("has no way to anything else: %s [SQL-3]", async (sql) => {
    const before = await storedIn();
    expect(refused(await ask(sql), "sql_error").field).toBe("sql");
    refused(await ask(sql, { key: "ada" }), "sql_error");
    expect(await storedIn()).toEqual(before);
  });

  test("text that is a value stays one, and what it asks writes nothing [SQL-3]", async () => {
    const before = await storedIn();
    const evil = "'; drop table batch; --";
    expect(
      await rows("select ?, count(*) from counts where key <> ?", { parameters: [evil, evil], key: "ada" }),
    ).toEqual([[evil, 1]]);
    expect(await rows(`select count(*) from counts where key <> '${evil.replaceAll("'", "''")}'`)).toEqual([[6]]);
    expect(await storedIn()).toEqual(before);
  });

  test("what SQLite finds wrong when it runs is told [SQL-2]", async () => {
    expect(refused(await ask("select json_extract(key, '$.a') from counts"), "sql_error").detail).toContain(
      "malformed JSON",
    );
    expect(refused(await ask("select key,\n valeu from counts"), "sql_error")).toMatchObject({ line: 2, column: 2 });
  });

  test("an object is not taken for a number [SQL-9]", async () => {
    const { detail } = refused(await ask('select sum(value) from "pairs.left"'), "sql_error");
    expect(detail).toContain("sum(value ->> '$.page')");
  });

  test("rows beyond maxRows are said to be there [SQL-6]", async () => {
    expect(await answer("select key from counts order by key", { maxRows: 4 })).toMatchObject({
      rows: { length: 4 },
      more: true,
    });
    expect(await answer("select key from counts order by key", { maxRows: 6 })).toMatchObject({
      rows: { length: 6 },
      more: false,
    });
    expect(await answer("select start from tens order by start", { key: "fay", maxRows: 2 })).toMatchObject({
      rows: [[0], [10]],
      more: true,
    });
    refused(await ask("select key from counts", { maxRows: 10_001 }), "invalid_request");
  });

  test("a body that is none is refused by its field [SQL-2]", async () => {
    expect(refused(await ask("select key from counts", { nothing: 1 }), "invalid_request").field).toBe("nothing");
    expect(refused(await ask("select key from counts", { parameters: [{}] }), "invalid_request").field).toContain(
      "parameters",
    );
    refused(await call(target, `POST /v1/pipelines/none/sql`, { body: { sql: "select 1 from x" } }), "not_found");
  });
});

/** Of all tables of all partitions, how many rows they have. */
async function storedIn(): Promise<unknown> {
  const client = new PipelineClient(bindings, NAME);
  const counts = (await client.allPartitions()).map((stub) =>
    runInDurableObject(stub, (_, { storage }) =>
      storage.sql
        .exec<{ name: string }>(
          "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
        )
        .toArray()
        .map(({ name }) => [name, storage.sql.exec(`SELECT count(*) AS n FROM ${name}`).one()["n"]]),
    ),
  );
  return Promise.all(counts);
}

test("rows of joined stores are looked up, not gone through, and too many groups are not merged [SQL-5, SQL-7]", async () => {
  const name = "queried-much";
  bundle.push(kept(name).plan);
  for (const topic of ["in", "other", "prices"]) await call(target, `PUT /v1/topics/${name}-${topic}`, { body: {} });
  const keys = Array.from({ length: 20_000 }, (_, n) => `k${n}`);
  for (let from = 0; from < keys.length; from += 5_000) {
    const records = keys.slice(from, from + 5_000).map((key) => ({ key, value: { page: "p", ms: 1 }, timestamp: 5 }));
    await call(target, `POST /v1/topics/${name}-in/records`, { body: { records } });
  }
  await call(target, `POST /v1/pipelines/${name}/drain?timeoutMs=100000`);
  // Every pair would be 400 million.
  expect(keys.length ** 2).toBeGreaterThan(MAX_SQL_PAIRS);
  const sql = "select count(*), sum(c.value), max(t.start) from counts c join tens t on t.key = c.key";
  const reply = await call(target, `POST /v1/pipelines/${name}/sql`, { body: { sql } });
  expect(shaped(reply, sqlAnswer).rows).toEqual([[20_000, 20_000, 0]]);
  const worst = `select ${Array.from({ length: 90 }, () => "max(trim(upper(lower(key)), key))").join(", ")} from counts`;
  const costly = await call(target, `POST /v1/pipelines/${name}/sql`, { body: { sql: worst } });
  expect(refused(costly, "query_too_expensive").detail).toContain("counts.key >= 'a'");
  // As if there were other partitions: groups are merged only if all are there.
  const groups = "select key, count(*) from counts group by key";
  const [stub] = await new PipelineClient(bindings, name).partitions(`${name}-in`);
  const request = { pipeline: name, sql: groups, parameters: [], part: true, maxRows: 5, waitMs: 0 };
  expect(await stub?.sql(request)).toMatchObject({
    code: "query_too_expensive",
    hint: expect.stringContaining("partition"),
  });
});

test("a partition that was asked in vain can be deleted [DSK-5, SQL-6]", async () => {
  const name = "queried-last";
  bundle.push(kept(name).plan);
  for (const topic of ["in", "other", "prices"]) await call(target, `PUT /v1/topics/${name}-${topic}`, { body: {} });
  const records = Array.from({ length: 12 }, (_, n) => ({
    key: `k${n}`,
    value: { page: "p".repeat(300_000), ms: 1 },
    timestamp: 5,
  }));
  for (const record of records)
    await call(target, `POST /v1/topics/${name}-in/records`, { body: { records: [record] } });
  await call(target, `POST /v1/pipelines/${name}/drain`);
  const sql = `select * from "seen.all"`;
  const { detail } = refused(
    await call(target, `POST /v1/pipelines/${name}/sql`, { body: { sql } }),
    "query_too_expensive",
  );
  expect(detail).toContain("LIMIT");
  expect((await call(target, `DELETE /v1/topics/${name}-in?force=true`)).status).toBe(204);
});
