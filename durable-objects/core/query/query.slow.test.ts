import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MAX_SQL_PAIRS, MAX_SQL_ROWS } from "../../../schema/limits.ts";
import { behindKey } from "../read/view.ts";
import type { Row } from "./merge.ts";
import type { Value } from "./query.ts";
import type { QueryEngine } from "./run-query.ts";
import { compile, QueryBed, selectMergedOn, selectOn, type TestRow } from "./test/query-bed.ts";

/** With a table of its own that no query may come to. */
const database = new DatabaseSync(":memory:");
database.exec("CREATE TABLE key_value (secret TEXT); INSERT INTO key_value VALUES ('secret')");

const engine: QueryEngine = {
  *rows(text, parameters) {
    const statement = database.prepare(text);
    statement.setReturnArrays(true);
    yield* statement.all(...parameters) as unknown as (readonly unknown[])[];
  },
};

function select(rows: readonly TestRow[], sql: string, parameters: readonly Value[] = []): readonly Row[] {
  return selectOn(engine, rows, { sql, parameters });
}

function selectMerged(partitions: readonly (readonly TestRow[])[], sql: string): readonly Row[] {
  return selectMergedOn(engine, partitions, sql);
}

const rows: readonly TestRow[] = [
  { table: "totals", key: "ada", value: 12.3, timestampMs: 1 },
  { table: "totals", key: "bob", value: 7, timestampMs: 2 },
  { table: "totals", key: "o'neil", value: 7, timestampMs: 3 },
  { table: "totals", key: "zoe", value: -1, timestampMs: 4 },
  { table: "names", key: "ada", value: { first: "Ada", tags: ["x", "y"] } },
  { table: "names", key: "bob", value: { first: "Bob", tags: [] } },
  { table: "by-hour", key: "ada", start: 0, value: 1 },
  { table: "by-hour", key: "ada", start: 10, value: 2 },
  { table: "by-hour", key: "bob", start: 10, value: 5 },
  { table: "visits", key: "bob", start: 3, value: 9, timestampMs: 6 },
];

/** A number as SQLite has it: what is whole is an integer. */
function exact<T>(value: T): T | bigint {
  return Number.isInteger(value) ? BigInt(value as number) : value;
}

describe("a query in one partition", () => {
  test.each([
    [
      "select key, value from totals order by value desc, key limit 2",
      [
        ["ada", 12.3],
        ["bob", 7],
      ],
    ],
    [
      "SELECT t.key AS k, t.timestamp FROM totals AS t WHERE value BETWEEN 0 AND 8 ORDER BY k DESC;",
      [
        ["o'neil", 3],
        ["bob", 2],
      ],
    ],
    ["select value, count(*) n, max(key) from totals group by value having count(*) > 1", [[7, 2, "o'neil"]]],
    ["select count(*), sum(value), avg(value), min(key) from totals where value > 100", [[0, null, null, null]]],
    ["select distinct value from totals order by 1", [[-1], [7], [12.3]]],
    ["select value ->> 'first' || '!' from names where json_array_length(value, '$.tags') = 2", [["Ada!"]]],
    ["select value -> 'tags' from names order by key", [['["x","y"]'], ["[]"]]],
    ["select * from totals where key = 'o''neil'", [["o'neil", 7, 3]]],
    [
      'select key, start, "end", value from "by-hour" where start >= 10 order by key',
      [
        ["ada", 10, 20, 2],
        ["bob", 10, 20, 5],
      ],
    ],
    ["select key, start, end from visits", [["bob", 3, 6]]],
    [
      "select t.key, n.value ->> 'first' from totals t left join names n on n.key = t.key order by t.key limit 3",
      [
        ["ada", "Ada"],
        ["bob", "Bob"],
        ["o'neil", null],
      ],
    ],
    [
      'select t.key, h.start, h.value * 1.0 / t.value from totals t join "by-hour" h using (key) where t.value <> 7 order by h.start',
      [
        ["ada", 0, 1 / 12.3],
        ["ada", 10, 2 / 12.3],
      ],
    ],
    [
      "select case when value > 10 then 'much' when value < 0 then 'none' else 'some' end as how, count(*) from totals group by how order by how",
      [
        ["much", 1],
        ["none", 1],
        ["some", 2],
      ],
    ],
    [
      "select key from totals where key like '%O%' and not key glob 'b*' order by key nulls last limit 5 offset 1",
      [["zoe"]],
    ],
    [
      "select cast(value as text), typeof(value), -value, not 0, null is null, 1 + 2 * 3 - 4 % 3 from totals where key in ('zoe', 'x')",
      [["-1", "integer", 1, 1, 1, 6]],
    ],
    ["select key from totals where value is not 7 and value != 12.3", [["zoe"]]],
  ] as const)("%s [SQL-1]", (sql, expected) => {
    expect(select(rows, sql)).toEqual(expected);
  });

  test("takes parameters for values, by place and by number [SQL-1]", () => {
    expect(select(rows, "select key from totals where value = ? and key > ?", [7, "c"])).toEqual([["o'neil"]]);
    expect(select(rows, "select ?2, ?1, ?2 is null from totals limit ?", [1, null])).toEqual([[null, 1, 1]]);
    expect(select(rows, "select key from totals where key = ?", ["' or 1 = 1 --"])).toEqual([]);
    expect(compile("select ? from totals", [])).toMatchObject({
      code: "sql_error",
      message: "there is no parameter 1",
    });
    expect(compile("select key from totals where key = ?", ["a", "b"])).toMatchObject({
      code: "sql_error",
      message: "2 parameters are given, and the query has 1",
    });
  });

  test("means what SQLite means by its operators, however they are put together [SQL-1]", () => {
    database.exec("CREATE TABLE IF NOT EXISTS plain (key, value, timestamp)");
    const leaf = fc.constantFrom("key", "value", "timestamp", "1", "2.5", "'a'", "'10'", "null", "0");
    const { expression } = fc.letrec<{ expression: string }>((tie) => ({
      expression: fc.oneof(
        { maxDepth: 4, depthSize: "medium" },
        leaf,
        fc
          .tuple(
            tie("expression"),
            fc.constantFrom(
              "+",
              "-",
              "*",
              "/",
              "%",
              "||",
              "<",
              "<=",
              ">",
              ">=",
              "=",
              "==",
              "<>",
              "!=",
              "is",
              "is not",
              "and",
              "or",
            ),
            tie("expression"),
          )
          .map((parts) => parts.join(" ")),
        tie("expression").map((of) => `(${of})`),
        tie("expression").map((of) => `(not ${of})`),
        tie("expression").map((of) => `- ${of}`),
        fc
          .tuple(leaf, fc.constantFrom("", "not "), leaf, leaf)
          .map(([of, not, low, high]) => `(${of} ${not}between ${low} and ${high})`),
        fc
          .tuple(leaf, fc.constantFrom("", "not "), leaf, leaf)
          .map(([of, not, one, two]) => `(${of} ${not}in (${one}, ${two}))`),
        fc
          .tuple(leaf, leaf, leaf)
          .map(([when, then, otherwise]) => `case when ${when} then ${then} else ${otherwise} end`),
        fc.tuple(leaf, leaf).map(([one, two]) => `coalesce(${one}, ${two}, 3)`),
      ),
    }));
    const data = fc.array(
      fc.record({
        key: fc.constantFrom("a", "10", "z"),
        value: fc.constantFrom(1, 2.5, "a", "10", null),
        timestampMs: fc.nat(3),
      }),
      { minLength: 1, maxLength: 3 },
    );
    fc.assert(
      fc.property(expression, data, (text, some) => {
        const unique = [...new Map(some.map((row) => [row.key, row])).values()];
        database.exec("DELETE FROM plain");
        for (const { key, value, timestampMs } of unique)
          database.prepare("INSERT INTO plain VALUES (?, ?, ?)").run(key, exact(value), exact(timestampMs));
        const plain = database.prepare(`SELECT ${text} FROM plain ORDER BY key`);
        plain.setReturnArrays(true);
        const ours = select(
          unique.map((row) => ({ table: "totals", ...row })),
          `SELECT ${text} FROM totals ORDER BY key`,
        );
        expect(ours).toEqual(plain.all());
      }),
      { numRuns: 2_000 },
    );
  });

  test("says where its text is wrong [SQL-2]", () => {
    expect(compile("select key,\n  nothing from totals")).toMatchObject({
      ok: false,
      code: "sql_error",
      message: "there is no column nothing",
      hint: "totals has key, value, timestamp",
      extra: { line: 2, column: 3 },
    });
  });
});

describe("what is no query over stores", () => {
  test.each([
    ["select name from sqlite_master", "no store sqlite_master"],
    ["select * from key_value", "no store key_value"],
    ["select * from batch", "no store batch"],
    ['select * from "main"."key_value"', "the end of the query is expected, not ."],
    ["select * from main.key_value", "the end of the query is expected, not ."],
    ["select * from sales-by-hour", "the end of the query is expected, not -"],
    ["select * from pragma_table_info('batch')", "the end of the query is expected, not ("],
    ["select * from json_each('[1]')", "the end of the query is expected, not ("],
    ["select * from json_each", "no store json_each"],
    ["pragma table_info(batch)", "SELECT is expected"],
    ["attach database 'x' as y", "SELECT is expected"],
    ["insert into totals values (1)", "SELECT is expected"],
    ["update totals set value = 1", "SELECT is expected"],
    ["delete from totals", "SELECT is expected"],
    ["drop table batch", "SELECT is expected"],
    ["explain select key from totals", "SELECT is expected"],
    ["values (1)", "SELECT is expected"],
    ["select key from totals; delete from batch", "the end of the query is expected"],
    ["select key from totals; select 1 from totals", "the end of the query is expected"],
    ["select key from totals -- more", "a comment"],
    ["select key from totals /* more */", "a comment"],
    ["select key from totals union select body from batch", "the end of the query is expected"],
    ["select (select body from batch) from totals", "a query inside a query"],
    ["select key from totals where exists (select 1 from batch)", "a query inside a query"],
    ["select key from totals where key in (select body from batch)", "a value is expected"],
    ["select key from (select 1)", "the name of a store"],
    ["with x as (select 1) select * from x", "common table expressions"],
    ["with recursive x(n) as (select 1 union all select n + 1 from x) select n from x", "common table expressions"],
    ["select load_extension('x') from totals", "no function load_extension"],
    ["select replace(value, 'a', 'aaaaaaaaa') from totals", "a value is expected, not replace"],
    [`select ${"value || ".repeat(17)}value from totals`, "more than 16 times ||"],
    ["select randomblob(1000000000) from totals", "no function randomblob"],
    ["select printf('%1000000000d', 1) from totals", "no function printf"],
    ["select sqlite_version() from totals", "no function sqlite_version"],
    ["select row_number() over (order by key) from totals", "window functions"],
    ["select key from totals t, names n where t.key = n.key", "stores are joined by their keys"],
    ["select t.key from totals t cross join names", "stores are joined by their keys"],
    ["select t.key from totals t join names n on n.value = t.value", "n is not joined by its key"],
    ["select t.key from totals t join names n on n.key = t.key or 1", "n is not joined by its key"],
    ["select t.key from totals t join names n on n.key = n.key", "n is not joined by its key"],
    ["select key from totals where value like '%a%b%c%'", "4 wildcards"],
    ["select key from totals where value like key", "the pattern of LIKE is not a text"],
    ["select rowid from totals", "no column rowid"],
    ["select totals.secret from totals", "no column secret"],
    ["select x.key from totals", "no table x"],
    ["select key from totals t join names n on n.key = t.key", "column key is in several tables"],
    ["select t.key from totals t join names t on t.key = t.key", "two tables are called t"],
    ["select sum(max(value)) from totals", "an aggregate stands in sum"],
    ["select count() from totals", "count does not take"],
    ["select key from totals limit -1", "-1 is not a number of rows"],
    ["select 'never closed from totals", "what begins with 'never clo has no end"],
    ['select "keyfromtotals', 'what begins with "keyfromto has no end'],
    ["select key from totals limit 1.5", "1.5 is not a number of rows"],
    ["select key from totals limit all", "all is not a number of rows"],
    ["select key from totals limit 1 offset 99999999999999999999", "99999999999999999999 is not a number of rows"],
    ["select key, value from totals order by 99", "no column 99 to group or to order by"],
    ["select key, value from totals order by 0", "no column 0 to group or to order by"],
    ["select count(*) from totals group by 2", "no column 2 to group or to order by"],
    ["select key from totals where key = \"it's'", "what begins with \"it's' has no end"],
    ["select key from totals where key = `a`", "nothing that a query has"],
    ["select 0x10 from totals", "nothing that a query has"],
    ["select key frm totals", "FROM is expected"],
    ["", "SELECT is expected"],
    [`select ${"(".repeat(60)}1${")".repeat(60)} from totals`, "stand more than"],
    [`select ${"- ".repeat(60)}1 from totals`, "stand more than"],
    [`select ${"1+".repeat(7_000)}1 from totals`, "operators deep"],
    [`select key from totals where ${"value and ".repeat(1_500)}1`, "operators deep"],
    [`select key from totals where key${" is 1".repeat(3_000)}`, "operators deep"],
    [`select ${"hex(".repeat(4)}key${")".repeat(4)} from totals`, "too much of hex"],
    [`select key from totals order by length(${"lower(json_array(".repeat(4)}key${"))".repeat(4)})`, "too much of hex"],
    [`select ${"hex(key), ".repeat(17)}key from totals`, "too much of hex"],
  ])("%s [SQL-2, SQL-3, SQL-5]", (sql, message) => {
    expect(compile(sql)).toMatchObject({ ok: false, code: "sql_error", message: expect.stringContaining(message) });
  });

  test("nothing of what was written is in what runs but values, and nothing else is named there [SQL-3]", () => {
    const word = fc.constantFrom(
      ..."select distinct from totals names as t n where group by having order limit offset and or not in is null like between case when then else end join left on using ( ) , . * + - / = < ; ' \" ? key value timestamp start count( sum( max( 1 2 'a' \"by-hour\" sqlite_master batch pragma -- /* union".split(
        " ",
      ),
    );
    const noise = fc.oneof(
      { weight: 3, arbitrary: fc.array(word, { maxLength: 14 }).map((words) => words.join(" ")) },
      {
        weight: 2,
        arbitrary: fc.array(word, { maxLength: 8 }).map((words) => `select key ${words.join(" ")} from totals`),
      },
      {
        weight: 2,
        arbitrary: fc.array(word, { maxLength: 8 }).map((words) => `select value from totals where ${words.join(" ")}`),
      },
      fc.string({ unit: "grapheme" }).map((text) => `select '${text}', "${text}" from totals`),
    );
    const names =
      /^(t\d|key|value|timestamp|start|end|count|sum|max|SELECT|DISTINCT|FROM|WHERE|GROUP|BY|HAVING|ORDER|ASC|DESC|NULLS|FIRST|LAST|LIMIT|OFFSET|AND|OR|NOT|IN|IS|NULL|LIKE|BETWEEN|CASE|WHEN|THEN|ELSE|END|JOIN|LEFT|ON)$/;
    let compiled = 0;
    fc.assert(
      fc.property(noise, (sql) => {
        // Neither more nor fewer than it has.
        const answers = [[], ["p"], ["p", 2]].map((parameters) => compile(sql, parameters));
        const answer = answers.find(({ ok }) => ok) ?? compile(sql, []);
        if (!answer.ok) {
          expect(answer.code).toBe("sql_error");
          return;
        }
        compiled++;
        const text = answer.query.whole(5).text.replaceAll(/'(?:[^']|'')*'/g, "''");
        for (const [found] of text.matchAll(/[A-Za-z_][A-Za-z0-9_]*/g)) expect(found).toMatch(names);
        expect(text).not.toMatch(/[;?@:#$`[\]{}\\]|--|\/\*/);
      }),
      { numRuns: 3_000 },
    );
    expect(compiled).toBeGreaterThan(20);
  });
});

describe("what a query reads", () => {
  const many = Array.from({ length: 2_000 }, (_, n): TestRow => ({
    table: "totals",
    key: `k${String(n).padStart(5, "0")}`,
    value: n,
  }));
  const windows = Array.from({ length: 300 }, (_, n): TestRow => ({
    table: "by-hour",
    key: `k${String(n % 3).padStart(5, "0")}`,
    start: 10 * n,
    value: n,
  }));

  function readBy(sql: string): Record<string, number> {
    const answer = compile(sql);
    if (!answer.ok) throw new Error(answer.message);
    const bed = new QueryBed(engine, [...many, ...windows]);
    expect(bed.run(answer.query, answer.query.whole(10))).toMatchObject({ ok: true });
    return Object.fromEntries(bed.read);
  }

  test.each([
    ["select value from totals where key = 'k00007'", { totals: 1 }],
    ["select value from totals where 'k00010' <= key and key < 'k00020' and value > 3", { totals: 10 }],
    ["select value from totals where key between 'k00010' and 'k00020'", { totals: 11 }],
    ["select value from totals where key glob 'k0001[0-4]*'", { totals: 10 }],
    ["select value from totals where key = 'k00007' or value = 3", { totals: 2_000 }],
    ["select value from \"by-hour\" where key = 'k00001' and start >= 1500", { "by-hour": 50 }],
    ['select value from "by-hour" where start < 100 and start > 20', { "by-hour": 9 }],
    [
      "select t.value from totals t join \"by-hour\" h on t.key = h.key where h.key = 'k00002'",
      { totals: 1, "by-hour": 100 },
    ],
    [
      "select t.value from totals t left join \"by-hour\" h on t.key = h.key where t.key = 'k00002'",
      { totals: 1, "by-hour": 100 },
    ],
    [
      "select t.value from totals t left join \"by-hour\" h on t.key = h.key and h.key = 'k00002'",
      { totals: 2_000, "by-hour": 300 },
    ],
  ])("%s: no more than its conditions say [SQL-4]", (sql, expected) => {
    expect(readBy(sql)).toEqual(expected);
  });

  test("conditions that are used to read less change nothing of the answer [SQL-4]", () => {
    const condition = fc.constantFrom(
      "t.key >= 'b'",
      "t.key < 'c'",
      "'a' < t.key",
      "t.key = 'b'",
      "t.key glob 'a*'",
      "h.start >= 10",
      "h.start <= 20",
      "h.start between 5 and 15",
      "h.key = 'a'",
      "t.value > 1",
      "h.value is null",
      "not h.start > 10",
      "t.key in ('a', 'c')",
    );
    const data = fc.array(
      fc.record({
        table: fc.constantFrom("totals", "by-hour"),
        key: fc.constantFrom("a", "ab", "b", "c"),
        start: fc.constantFrom(0, 10, 20),
        value: fc.nat(3),
      }),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(
        data,
        fc.array(condition, { minLength: 1, maxLength: 3 }),
        fc.record({ join: fc.constantFrom("join", "left join"), on: fc.array(condition, { maxLength: 1 }) }),
        (some, where, { join, on }) => {
          const sql = (all: string): string =>
            `select t.key, t.value, h.start, h.value from totals t ${join} "by-hour" h on h.key = t.key${on.map((each) => ` and ${all}${each}${all === "" ? "" : ")"}`).join("")}
           where ${where.map((each) => `${all}${each}${all === "" ? "" : ")"}`).join(" and ")} order by 1, 2, 3, 4`;
          // Behind `coalesce` a condition says nothing of what need not be read.
          expect(select(some, sql(""))).toEqual(select(some, sql("coalesce(null, ")));
        },
      ),
      { numRuns: 500 },
    );
  });

  test("one key alone, when that is asked for [SQL-4]", () => {
    const answer = compile("select count(*) from totals t left join names n on n.key = t.key");
    if (!answer.ok) throw new Error(answer.message);
    const bed = new QueryBed(engine, many);
    const keys = { fromKey: "k00003", toKey: behindKey("k00003"), limit: 0 };
    expect(bed.run(answer.query, answer.query.whole(10), { keys })).toMatchObject({ rows: [[1]] });
    expect(bed.read.get("totals")).toBe(1);
  });

  test("more than it may is refused before it runs, with what to do [SQL-5]", () => {
    const big = Array.from({ length: MAX_SQL_ROWS + 1 }, (_, n): TestRow => ({
      table: "totals",
      key: `${n}`,
      value: 0,
    }));
    const bed = new QueryBed(engine, big);
    const count = compile("select count(*) from totals");
    if (!count.ok) throw new Error(count.message);
    expect(bed.run(count.query, count.query.whole(1))).toMatchObject({
      ok: false,
      code: "query_too_expensive",
      hint: expect.stringContaining("totals.key = 'a'"),
    });
    const some = compile("select count(*) from totals where key < '5'");
    if (!some.ok) throw new Error(some.message);
    expect(bed.run(some.query, some.query.whole(1))).toMatchObject({ ok: true, rows: [[44_446]] });
    const long = Array.from("abcdefghijklmnopq", (key): TestRow => ({
      table: "totals",
      key,
      value: "x".repeat(999_000),
    }));
    expect(new QueryBed(engine, long).run(count.query, count.query.whole(1))).toMatchObject({
      code: "query_too_expensive",
    });
  });

  test("a join that makes too many rows is refused, one by start as well is not [SQL-5]", () => {
    const side = Math.ceil(Math.sqrt(MAX_SQL_PAIRS)) + 1;
    const bed = new QueryBed(
      engine,
      Array.from({ length: side }, (_, n): TestRow => ({ table: "by-hour", key: "a", start: 10 * n, value: n })),
    );
    const run = (sql: string) => {
      const answer = compile(sql);
      if (!answer.ok) throw new Error(answer.message);
      return bed.run(answer.query, answer.query.whole(10));
    };
    expect(run('select count(*) from "by-hour" a join "by-hour" b on a.key = b.key')).toMatchObject({
      code: "query_too_expensive",
      hint: expect.stringContaining("start"),
    });
    expect(run('select count(*) from "by-hour" a join "by-hour" b using (key, start)')).toMatchObject({
      ok: true,
      rows: [[side]],
    });
  });

  test("an answer of too many rows says that there are more; one that is too large is refused [SQL-6]", () => {
    const answer = compile("select key from totals order by key");
    if (!answer.ok) throw new Error(answer.message);
    expect(new QueryBed(engine, many).run(answer.query, answer.query.whole(6), { maxRows: 5 })).toMatchObject({
      rows: { length: 5 },
      more: true,
    });
    expect(new QueryBed(engine, many).run(answer.query, answer.query.whole(3_000), { maxRows: 2_000 })).toMatchObject({
      rows: { length: 2_000 },
      more: false,
    });
    const long = Array.from("abcd", (key): TestRow => ({ table: "totals", key, value: "x".repeat(900_000) }));
    const values = compile("select value from totals");
    if (!values.ok) throw new Error(values.message);
    expect(new QueryBed(engine, long).run(values.query, values.query.whole(9))).toMatchObject({
      code: "query_too_expensive",
      hint: expect.stringContaining("LIMIT"),
    });
  });
});

describe("a query over several partitions", () => {
  test("merged, is that over all their rows [SQL-7]", () => {
    const value = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constantFrom("a", "B", "\uffff", "\u{1f600}", null));
    const data = fc.array(
      fc.record({
        table: fc.constant("totals"),
        key: fc.string({ unit: "grapheme", minLength: 1, maxLength: 3 }),
        value,
        timestampMs: fc.nat(4),
      }),
      { maxLength: 25 },
    );
    const sql = fc.constantFrom(
      "select key, value, timestamp from totals order by key",
      "select key from totals order by value desc, timestamp, key limit 4",
      "select key from totals order by value nulls last, key desc limit 3 offset 2",
      "select value from totals order by timestamp, value, key",
      "select distinct value from totals order by value",
      "select distinct timestamp, value from totals order by 2 desc, 1 limit 3",
      "select count(*), count(value), sum(value), total(timestamp), min(value), max(value), min(key) from totals",
      "select timestamp, count(*) as n, max(value) from totals group by timestamp order by n desc, timestamp limit 3",
      "select timestamp % 2 as odd, sum(timestamp) from totals where value is not null group by odd order by odd",
      "select max(timestamp) as latest from totals group by value order by latest desc limit 2",
      "select count(*) from totals where timestamp > 2",
    );
    fc.assert(
      fc.property(data, sql, fc.integer({ min: 1, max: 5 }), (some, text, partitions) => {
        const all = [...new Map(some.map((row) => [row.key, row])).values()];
        const placed = Array.from({ length: partitions }, (_, partition) =>
          all.filter((_row, index) => index % partitions === partition),
        );
        expect(selectMerged(placed, text)).toEqual(select(all, text));
      }),
      { numRuns: 1_500 },
    );
  });

  test.each([
    ["select value, count(*) from totals group by value having count(*) > 1", "HAVING"],
    ["select avg(value) from totals", "of an average select sum and count"],
    ["select count(distinct value) from totals", "count(distinct value)"],
    ["select value + 1, count(*) from totals group by value", "value + 1"],
    ["select key, max(value) from totals", "key"],
    ["select group_concat(key) from totals", "group_concat"],
    ["select value from totals group by value order by count(*)", "not selected"],
    ["select distinct value from totals order by key", "not selected"],
    ["select distinct count(*) from totals group by value", "DISTINCT"],
  ])("%s cannot be merged, and says why [SQL-7]", (sql, reason) => {
    const answer = compile(sql);
    expect(answer).toMatchObject({
      ok: true,
      query: { part: { kind: "none", reason: expect.stringContaining(reason) } },
    });
    // Within one partition it runs.
    expect(select(rows, sql).length).toBeGreaterThan(0);
  });
});
