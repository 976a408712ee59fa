import { describe, expect, test } from "vitest";
import { generated } from "./generator.ts";
import { queries } from "./queries/all.ts";
import { Reference } from "./reference.ts";
import { expectSame, hashOf } from "./rows.ts";
import { runInDriver } from "./test/run-in-driver.ts";

// A hundred seconds of events, so that windows and sessions end.
const events = [...generated({ count: 2_000, eventsPerSecond: 20 })];
const reference = new Reference(events);

/** Rows of each query over these events and their hash; rows that a pipeline writes on one partition, appends of 200. */
const published: { readonly [query: string]: readonly [rows: number, hash: string, written: number] } = {
  q0: [1840, "014c7448217e5097ee062c8f9a4bbfe1", 20],
  q1: [1840, "01869e7e6881f8459d88078b7be2a977", 20],
  q2: [2, "8a7abce287008a63693fa58b3744706b", 11],
  q3: [3, "352cc175b97ae8391a9c247ab14242cd", 70],
  q4: [5, "e2e5dfa80da542cef7bc587945d29513", 679],
  q5: [54, "447913e95025533f3849a6056ded4a5c", 3091],
  q7: [10, "75e114e9f0dd77413a4249521d4d5ff2", 50],
  q8: [3, "c61777d435b8e2009b217584f6f858b7", 330],
  q9: [98, "f28efd679b2451bffe93608128752521", 609],
  q11: [116, "f2fba5623c05e6a867d1f85fb738f0b6", 390],
  q15: [2, "f064936190ca52d47957d667a4f8c7a8", 458],
  q16: [880, "997d990ca18d9ba10c116a94caf8a878", 3340],
  q17: [159, "46e029a5042073fef144287849b57de2", 558],
  q18: [412, "d9ddd1fdf40c79dbccccf4878313ec32", 841],
  q19: [729, "d44d7437e81fbdb6de8739d84854b38a", 515],
  q20: [923, "827031df5db04ba0a41157baccd196b5", 293],
};

test("every query is published", () => {
  expect(Object.keys(published)).toEqual(queries.map(({ name }) => name));
});

describe.each(queries.map((query) => ({ name: query.name, query })))("$name", ({ name, query }) => {
  const { columns, rows } = reference.answer(query);
  const [count, hash, written] = published[name] ?? [];

  test("the answer of the published seed is the published one [NEX-7]", () => {
    expect([rows.length, hashOf(rows)]).toEqual([count, hash]);
  });

  test.each([1, 4])("its pipeline gives that answer, partitions: %i [NEX-6, NEX-7]", (partitions) => {
    const run = runInDriver(query, { events, partitions, columns });
    expect(run.driver.counters).toMatchObject({ lateRecords: 0, droppedRecords: 0, deadLetters: 0 });
    expectSame(name, { actual: run.rows, expected: rows });
    if (partitions === 1) expect(run.driver.rowsWritten).toBe(written);
  });
});
