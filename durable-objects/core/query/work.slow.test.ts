import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MAX_SQL_WORK } from "../../../schema/limits.ts";
import type { ShownRow, View } from "../read/view.ts";
import type { CompiledQuery } from "./compile.ts";
import { extentOf } from "./extent.ts";
import { parseQuery } from "./parse-query.ts";
import type { Expression } from "./query.ts";
import { sqliteProblem } from "./problem.ts";
import { type QueryEngine, runQuery } from "./run-query.ts";
import { Scope } from "./scope.ts";
import { compile } from "./test/query-bed.ts";
import { costOf } from "./work.ts";

const database = new DatabaseSync(":memory:");
const sqlite: QueryEngine = {
  *rows(text, parameters) {
    const statement = database.prepare(text);
    statement.setReturnArrays(true);
    yield* statement.all(...parameters) as unknown as (readonly unknown[])[];
  },
};

function shown(count: number, value: (n: number) => unknown, more: (n: number) => object = () => ({})): ShownRow[] {
  return Array.from({ length: count }, (_, n) => ({
    key: `k${n}`,
    value: JSON.stringify(value(n)),
    timestampMs: 5,
    place: { key: `k${n}`, at: 5, seq: n },
    ...more(n),
  }));
}

const stores: { readonly [name: string]: readonly ShownRow[] } = {
  numbers: shown(100_000, (n) => n),
  objects: shown(100_000, (n) => ({ total: n * 1.25, name: `name ${n}`, page: n % 7 })),
  texts: shown(75, () => "a".repeat(100_000)),
  controls: shown(200, () => "\u0001".repeat(6_000)),
  arrays: shown(15, () => Array.from({ length: 60_000 }, (_, n) => n)),
  windows: shown(
    900,
    () => "a",
    (n) => ({ key: "a", start: 10 * n, end: 10 * n + 10 }),
  ),
  wide: shown(
    100,
    () => "a".repeat(10_000),
    (n) => ({ key: "a", start: 10 * n, end: 10 * n + 10 }),
  ),
};

function compiled(sql: string): CompiledQuery {
  const answer = compile(sql);
  if (!answer.ok) throw new Error(`${sql}: ${answer.message}`);
  return answer.query;
}

function runOn(store: string, sql: string, engine: QueryEngine) {
  const query = compiled(sql);
  const view = { scan: () => ({ rows: stores[store] ?? [] }) } as unknown as View;
  return runQuery(query, query.whole(1_001), { engine, maxRows: 1_000, keys: {}, viewOf: () => view });
}

function workOn(store: string, sql: string): number {
  const query = compiled(sql);
  return query.work(
    extentOf(
      query.tables,
      query.joinedBy,
      query.tables.map(() => stores[store] ?? []),
    ),
  );
}

/** Nothing, and how often it was asked for more than a plan. */
function idle(): QueryEngine & { asked: number } {
  const engine = {
    asked: 0,
    rows(text: string) {
      if (!text.startsWith("EXPLAIN")) engine.asked++;
      return [];
    },
  };
  return engine;
}

const times = (count: number, text: string, between = ", "): string =>
  Array.from({ length: count }, () => text).join(between);
const PAIRS = `"by-hour" p join "by-hour" q on q.key = p.key`;

describe("the work of a query", () => {
  test.each([
    ["numbers", `select ${times(60, "max(lower(upper(trim(key))))")} from totals`],
    ["numbers", `select count(*) from totals where key in (${times(200, "lower(key)")})`],
    ["numbers", `select key from totals order by ${times(60, "abs(value) + length(key)")} limit 1`],
    ["numbers", `select ${times(40, "strftime('%J%J%J%f', timestamp)")} from totals limit 1`],
    ["numbers", `select ${times(100, "count(distinct key)")} from totals`],
    ["numbers", `select count(*) from totals where ${times(80, "value % 7 = 1", " or ")}`],
    ["objects", `select ${times(20, "json_extract(value, '$.total', '$.name', '$.page')")} from totals limit 1`],
    ["objects", `select ${times(12, "json_array(value, json(value))")} from totals limit 1`],
    [
      "texts",
      "select count(*) from totals where instr(value, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab') + instr(value, value || 'b')",
    ],
    ["texts", "select max(trim(value, 'bcdefghija')) from totals"],
    ["texts", "select max(ltrim(value, value)) from totals"],
    ["texts", "select count(*) from totals where value like '%aaaaaaaaaaaaaaaaaaaaaaaaab%'"],
    ["texts", "select count(*) from totals where value glob '*[a-z][a-z][a-z][a-z][a-z][a-z]b*'"],
    ["texts", `select ${times(16, "hex(value)")} from totals limit 1`],
    ["texts", `select max(${times(8, "hex(value)", " || ")}) from totals`],
    ["texts", "select strftime(value, 0), strftime(value, 1) from totals limit 1"],
    ["texts", `select ${times(60, "group_concat(value)")} from totals`],
    ["texts", `select group_concat(key, '${"a".repeat(500)}') ${times(40, ", max(upper(value))", "")} from totals`],
    ["texts", `select value from totals order by ${times(20, "upper(value)")} limit 1`],
    ["controls", "select max(json_array(lower(json_array(lower(json_array(value)))))) from totals"],
    ["controls", `select ${times(16, "json_group_array(value)")} from totals`],
    ["arrays", `select ${times(20, "value ->> 59999")} from totals limit 1`],
    ["arrays", `select ${times(8, "json_array_length(json(value))")} from totals limit 1`],
    ["windows", `select p.start, q.start, count(*) from ${PAIRS} group by p.start, q.start, p.start + q.start limit 1`],
    ["windows", `select sum(length(p.key || q.key)), max(lower(p.key)), max(upper(q.key)) from ${PAIRS}`],
    ["wide", `select sum(length(p.value || q.value)) from ${PAIRS}`],
    ["wide", `select p.value from ${PAIRS} order by p.value, q.value limit 1`],
    ["wide", `select distinct p.value, q.value from ${PAIRS} limit 1`],
  ])("of %s is refused before it is done: %s [SQL-5]", (store, sql) => {
    const engine = idle();
    expect(runOn(store, sql, engine)).toMatchObject({
      ok: false,
      code: "query_too_expensive",
      message: expect.stringContaining("times as much as it may be"),
      hint: expect.stringContaining("key >= 'a'"),
    });
    expect(engine.asked).toBe(0);
  });

  test.each([
    ["numbers", "select count(*), sum(value), max(key), avg(value) from totals"],
    ["numbers", "select value % 10 as digit, count(*) from totals where key like 'k9%' group by digit order by digit"],
    ["numbers", "select key, value from totals order by value desc, key limit 10"],
    ["numbers", "select distinct value from totals limit 10"],
    ["objects", "select key, sum(value ->> 'total') as total from totals group by key order by total desc limit 10"],
    ["objects", "select value ->> 'page' as page, count(*), max(value ->> 'total') from totals group by page"],
    ["texts", "select count(*), max(length(value)) from totals where value like '%needle%'"],
    ["arrays", "select key, json_array_length(value) from totals"],
    ["windows", `select count(*), max(q.start) from ${PAIRS}`],
    ["wide", `select p.start, q.start from ${PAIRS} order by 1, 2`],
  ])("of %s is done: %s [SQL-5]", (store, sql) => {
    const engine = idle();
    expect(runOn(store, sql, engine)).toMatchObject({ ok: true });
    expect(engine.asked).toBe(1);
    expect(workOn(store, sql)).toBeLessThanOrEqual(MAX_SQL_WORK);
  });

  test("of more rows and of a longer query is more [SQL-5]", () => {
    const sql = "select lower(key) from totals";
    expect(workOn("numbers", sql)).toBeGreaterThan(workOn("numbers", "select key from totals"));
    expect(workOn("numbers", sql)).toBeGreaterThan(workOn("windows", 'select lower(key) from "by-hour"'));
    expect(workOn("texts", "select lower(value) from totals")).toBeGreaterThan(workOn("texts", sql));
  });

  test("knows texts never shorter than SQLite makes them [SQL-5]", () => {
    const leaf = fc.constantFrom(
      "key",
      "value",
      "timestamp",
      "value ->> 'a'",
      "value ->> 0",
      "'%J%f €'",
      "1e300",
      "-7",
      "null",
      "''",
    );
    const { expression } = fc.letrec<{ expression: string }>((tie) => ({
      expression: fc.oneof(
        { depthSize: "small", withCrossShrink: true },
        leaf,
        fc
          .tuple(
            fc.constantFrom(
              "(A || B)",
              "lower(A)",
              "hex(A)",
              "json_array(A, B)",
              "json_object('k', A)",
              "trim(A, B)",
              "substr(A, 2)",
              "strftime(A, 1)",
              "date(A)",
              "coalesce(A, B)",
              "max(A, B)",
              "iif(A, B, A)",
              "CASE WHEN A THEN B ELSE A END",
              "CAST(A AS REAL)",
              "CAST(A AS TEXT)",
              "(- A)",
              "(+ A)",
              "(A + B)",
              "(A = B)",
              "abs(A)",
              "round(A, 2)",
              "typeof(A)",
              "json(json_array(A))",
              "json_extract(json_array(A, B), '$[0]', '$[1]', '$')",
              "(json_array(A) -> 0)",
              "(json_array(A) ->> 0)",
              "length(A)",
              "nullif(A, B)",
            ),
            tie("expression"),
            tie("expression"),
          )
          .map(([form, a, b]) => form.replaceAll(/\bA\b/g, () => a).replaceAll(/\bB\b/g, () => b)),
      ),
    }));
    const value = fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constantFrom("\u0001\u0002", "€€", '"\\', [1e300, "\u0001"], { a: 1e-300 }, { a: "€\u0001" }, "[.5,1e5]"),
    );
    let compared = 0;
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 4 }), expression, (values, text) => {
        const rows = shown(values.length, (n) => values[n]);
        const query = parseQuery(`select ${text} from totals`, []);
        const [item] = query.items;
        const scope = new Scope(
          query.tables.map((table) => ({ ...table, columns: ["key", "value", "timestamp"], relation: "t0" })),
        );
        const sum = compile(`select coalesce(sum(length(${text})), 0), coalesce(max(length(${text})), 0) from totals`);
        if (item === undefined || "all" in item || !sum.ok) return;
        const view = { scan: () => ({ rows }) } as unknown as View;
        let made;
        try {
          made = runQuery(sum.query, sum.query.whole(2), { engine: sqlite, maxRows: 1, keys: {}, viewOf: () => view });
        } catch (error) {
          expect(String(error)).toMatch(/JSON|overflow/);
          return;
        }
        if (!made.ok) return;
        compared++;
        const [[total, longest] = []] = made.rows;
        const cost = costOf(item.expression, { query, scope, items: [item] }, extentOf(sum.query.tables, [], [rows]));
        expect(cost.total).toBeGreaterThanOrEqual(Number(total));
        expect(cost.longest).toBeGreaterThanOrEqual(Number(longest));
      }),
      { numRuns: 3_000 },
    );
    expect(compared).toBeGreaterThan(500);
  });

  test.each([["- "], ["not "]])("looks once at each part of what is nested: %s [SQL-5]", (operator) => {
    const query = parseQuery(`select ${operator.repeat(12)} timestamp from totals`, []);
    const [item] = query.items;
    if (item === undefined || "all" in item) throw new Error("one item is asked for");
    let looked = 0;
    const counted = (expression: Expression): Expression => {
      if (expression.kind !== "unary") return expression;
      const part = counted(expression.of);
      return {
        ...expression,
        get of() {
          looked++;
          return part;
        },
      };
    };
    const scope = new Scope(
      query.tables.map((table) => ({ ...table, columns: ["key", "value", "timestamp"], relation: "t0" })),
    );
    costOf(
      counted(item.expression),
      { query, scope, items: [item] },
      extentOf(compiled("select key from totals").tables, [], [[]]),
    );
    expect(looked).toBe(12);
  });
});

describe("an object where a number is wanted", () => {
  test.each([
    ["select sum(value) from totals", "sum(value ->> '$.total')"],
    ["select avg(value), count(*) from totals", "avg(value ->> '$.total')"],
    ["select key from totals t group by key having max(t.value) > 1", "max(value ->> '$.total')"],
    ["select key from totals order by value * 2", "value ->> '$.total' * …"],
  ])("%s is refused with the way to take a field [SQL-9]", (sql, hint) => {
    const engine = idle();
    expect(runOn("objects", sql, engine)).toMatchObject({
      code: "sql_error",
      message: expect.stringContaining('the value of key "k0" is an object'),
      hint: expect.stringContaining(hint),
    });
    expect(engine.asked).toBe(0);
    expect(runOn("numbers", sql, engine)).toMatchObject({ ok: true });
  });

  test("what reads it as what it is runs [SQL-9]", () => {
    for (const sql of [
      "select sum(value ->> 'total'), max(key), count(value), max(length(value)) from totals",
      "select key as value, max(timestamp) from totals group by key",
    ])
      expect(runOn("objects", sql, idle())).toMatchObject({ ok: true });
    expect(runOn("arrays", "select total(value) from totals", idle())).toMatchObject({
      hint: "Take a number out of it: total(value ->> '$[0]')",
    });
  });
});

test("what SQLite says is told without its codes, and a text that is too long with what to do [SQL-2]", () => {
  expect(sqliteProblem("malformed JSON: SQLITE_ERROR (extended: x)")).toMatchObject({ message: "malformed JSON" });
  expect(sqliteProblem("string or blob too big: SQLITE_TOOBIG")).toMatchObject({
    message: "a text that the query makes is too long for SQLite",
    hint: expect.stringContaining("value ->> '$.field'"),
  });
});
