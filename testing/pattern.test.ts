import fc from "fast-check";
import { expect, test } from "vitest";
import { pipeline, sequence } from "../sdk/streams/index.ts";
import type { TestRecord } from "./test-record.ts";
import { TopologyTestDriver } from "./topology-test-driver.ts";

const guessed = sequence<string>("10 ms")
  .first("failed", (value) => value === "no", { times: [2, Infinity] })
  .next("ok", (value) => value === "yes");
const subject = pipeline("p", ({ stream }) =>
  stream<string>("in")
    .match(guessed, { select: ({ failed, ok }, key) => ({ key, failed: failed.length, ok: ok.length }) })
    .to("out"),
);

function at(timestampMs: number, key: string | null, value: string): TestRecord {
  return { key, value, timestampMs };
}

test("a match is a record of its key with the time of the last record in it; keys do not meet [PAT-1]", () => {
  const driver = new TopologyTestDriver(subject);
  driver.pipe("in", [
    at(0, "a", "no"),
    at(1, "b", "no"),
    at(2, "a", "no"),
    at(3, "b", "yes"),
    at(4, "a", "yes"),
    at(4, null, "no"),
  ]);
  expect(driver.read("out")).toMatchObject([{ key: "a", value: { key: "a", failed: 2, ok: 1 }, timestampMs: 4 }]);
  expect(driver.counters).toMatchObject({ droppedRecords: 1 });
});

test("an attempt is over when the time of any key is more than within after its start, whatever comes late [PAT-4]", () => {
  const driver = new TopologyTestDriver(subject);
  driver.pipe("in", [at(0, "a", "no"), at(1, "a", "no"), at(12, "b", "no"), at(2, "a", "yes")]);
  expect(driver.read("out")).toEqual([]);
});

test("any slicing, with crashes, finds the same [PAT-1]", () => {
  const record = fc.tuple(fc.nat(3), fc.constantFrom("a", "b"), fc.constantFrom("no", "no", "yes"));
  fc.assert(
    fc.property(fc.array(record, { maxLength: 40 }), fc.integer({ min: 1, max: 7 }), (given, size) => {
      let time = 0;
      const records = given.map(([step, key, value]) => at((time += step), key, value));
      const whole = new TopologyTestDriver(subject);
      whole.pipe("in", records);
      const cut = new TopologyTestDriver(subject);
      for (let from = 0; from < records.length; from += size) {
        cut.pipe("in", records.slice(from, from + size));
        cut.crash();
      }
      expect(cut.read("out")).toEqual(whole.read("out"));
    }),
  );
});

test("an error of a predicate or of select is one of the record that met it, and leaves the attempts as they were [PAT-6]", () => {
  const driver = new TopologyTestDriver(
    pipeline("p", ({ stream }) =>
      stream<string>("in")
        .match(
          guessed.later("bad", (value) => {
            if (value === "throw") throw new Error("no");
            return value === "end";
          }),
          { select: ({ bad }) => bad },
        )
        .to("out"),
    ),
  );
  driver.pipe(
    "in",
    ["no", "no", "yes", "throw", "end"].map((value, index) => at(index, "a", value)),
  );
  expect(driver.deadLetters).toMatchObject([{ value: "throw", error: "no" }]);
  expect(driver.read("out")).toMatchObject([{ value: ["end"] }]);
});

test("a sequence that cannot be is refused with what can [PAT-7]", () => {
  const refused =
    (build: () => Parameters<typeof match>[0]): (() => unknown) =>
    () =>
      new TopologyTestDriver(match(build()));
  const match = (pattern: ReturnType<typeof sequence<string>>): ReturnType<typeof pipeline> =>
    pipeline("p", ({ stream }) =>
      stream<string>("in")
        .match(pattern, { select: () => 1 })
        .to("out"),
    );
  const any = (): boolean => true;
  expect(refused(() => sequence<string>("1 ms") as never)).toThrow("0 steps");
  expect(refused(() => sequence<string>("1 ms").first("a", any, { times: [0, 1] }) as never)).toThrow(
    "may take nothing",
  );
  expect(refused(() => sequence<string>("1 ms").first("a", any).next("a", any) as never)).toThrow("two steps");
  expect(refused(() => sequence<string>("1 ms").first("a", any, { times: [2, 1] }) as never)).toThrow("takes 2 to 1");
  expect(() => sequence<string>("1 ms").first("a", any).first("b", any)).toThrow("Use next or later");
});
