import fc from "fast-check";
import { expect, test } from "vitest";
import { parkKey } from "../sdk/streams/index.ts";
import type { TestRecord } from "./test-record.ts";
import { driverOf } from "./test/numbers-that-fail.ts";

const records = (...given: readonly (readonly [key: string | null, value: number])[]): TestRecord[] =>
  given.map(([key, value]) => ({ key, value }));

test("whatever fails and is redriven when, each key's records come out in the order of the log and once [ERR-6]", () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.tuple(fc.constantFrom("a", "b"), fc.integer({ min: 0, max: 9 })) },
    { weight: 1, arbitrary: fc.record({ spoil: fc.integer({ min: 0, max: 9 }) }) },
    { weight: 1, arbitrary: fc.record({ mend: fc.integer({ min: 0, max: 9 }) }) },
    { weight: 1, arbitrary: fc.constant("redrive" as const) },
    { weight: 1, arbitrary: fc.constant("crash" as const) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.boolean(), (steps, batches) => {
      const bad = new Set<number>();
      const driver = driverOf(parkKey(), bad, { batches });
      const given: [string, number][] = [];
      for (const each of steps) {
        if (each === "crash") driver.crash();
        else if (each === "redrive") driver.redrive();
        else if (Array.isArray(each)) {
          given.push(each);
          driver.pipe("in", records(each));
        } else if ("spoil" in each) bad.add(each.spoil);
        else bad.delete(each.mend);
      }
      bad.clear();
      driver.runBatch();
      driver.redrive();
      for (const key of ["a", "b"]) driver.pipe("in", records([key, 100]));
      driver.runBatch();
      const out = driver.read("out");
      for (const key of ["a", "b"]) {
        const wanted = [...given.filter(([of]) => of === key).map(([, value]) => value), 100];
        expect(out.filter((record) => record.key === key).map(({ value }) => value)).toEqual(wanted);
      }
    }),
    { numRuns: 300 },
  );
});
