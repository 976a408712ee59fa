import fc from "fast-check";
import { expect, test } from "vitest";
import { every, pipeline, tumbling, type Pipeline } from "../sdk/streams/index.ts";
import { runSliced } from "./test/slices.ts";

test("a cogroup is the aggregate of its streams' merge [AGG-11, AGG-12]", () => {
  const add = (sum: number, value: number): number => (value === 7 ? sum : 2 * sum + value);
  const windows = tumbling({ size: 10, grace: 3 });
  const cogroup = pipeline("same", ({ stream }) => {
    const one = stream<number>("one").groupBy((value) => `k${value % 3}`);
    const both = one.cogroup(add).cogroup(stream<number>("two").groupByKey(), add);
    both.aggregate(() => 0, { store: "all" }).to("all");
    both
      .windowedBy(windows)
      .aggregate(() => 0, { store: "windows" })
      .to("windows");
  });
  const merged = pipeline("same", ({ stream }) => {
    const both = stream<number>("one")
      .selectKey((value) => `k${value % 3}`)
      .merge(stream<number>("two"))
      .groupByKey();
    both.aggregate(() => 0, add, { store: "all" }).to("all");
    both
      .windowedBy(windows)
      .aggregate(() => 0, add, { store: "windows" })
      .to("windows");
  });
  const records = fc.array(
    fc.record({
      topic: fc.constantFrom("one", "two"),
      key: fc.constantFrom("k0", "k1", "k2"),
      value: fc.nat(9),
      timestampMs: fc.nat(60),
    }),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(records, fc.nat(8), fc.boolean(), (piped, size, batches) => {
      const outputs = (subject: Pipeline, crash: boolean): unknown => {
        const driver = runSliced(batches ? subject.trigger(every("1 second")) : subject, piped, {
          size: size + 1,
          crash,
        });
        return [driver.read("all"), driver.read("windows"), driver.counters.lateRecords];
      };
      expect(outputs(cogroup, true)).toEqual(outputs(merged, false));
    }),
    { numRuns: 100 },
  );
});
