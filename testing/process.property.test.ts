import fc from "fast-check";
import { expect, test } from "vitest";
import { listState, mapState, pipeline, valueState } from "../sdk/streams/index.ts";
import type { TestRecord } from "./test-record.ts";
import { TopologyTestDriver } from "./topology-test-driver.ts";

function at(timestampMs: number, key: string | null, value: unknown = timestampMs): TestRecord {
  return { key, value, timestampMs };
}

function sent(driver: TopologyTestDriver): unknown[] {
  return driver.read("out").map(({ key, value, timestampMs }) => [key, value, timestampMs]);
}

test("any slicing, with crashes, gives the same results and the same state [PRC-2, PRC-3, PRC-4]", () => {
  const subject = pipeline("p", ({ stream }) =>
    stream<number>("in")
      .processValues({
        state: {
          v: valueState<number>({ ttl: "7 ms" }),
          l: listState<number>({ ttl: "9 ms" }),
          m: mapState<number>({ ttl: "5 ms" }),
        },
        *record(value, _key, { state, timers: own, timestampMs }) {
          state.v.set((state.v.get() ?? 0) + value);
          state.l.append(value);
          state.m.set(`${value % 3}`, value);
          own.set(timestampMs + value, `${value}`);
          if (value === 4) own.clear(timestampMs + 3, "3");
          yield JSON.stringify([state.v.get(), state.l.get(), state.m.entries()]);
        },
        *timer({ name, dueMs }, _key, { state }) {
          yield JSON.stringify([name, dueMs, state.v.get()]);
        },
      })
      .to("out"),
  );
  const record = fc.tuple(fc.nat(40), fc.constantFrom("a", "b"), fc.nat(6));
  fc.assert(
    fc.property(fc.array(record, { maxLength: 40 }), fc.array(fc.nat(5), { maxLength: 12 }), (given, cuts) => {
      const records = given.map(([time, key, value]) => at(time, key, value));
      const whole = new TopologyTestDriver(subject);
      whole.pipe("in", records);
      const cut = new TopologyTestDriver(subject);
      for (let from = 0, turn = 0; from < records.length; turn++) {
        const size = 1 + (cuts[turn % Math.max(1, cuts.length)] ?? 0);
        cut.pipe("in", records.slice(from, from + size));
        cut.crash();
        from += size;
      }
      expect(sent(cut)).toEqual(sent(whole));
      expect(cut.store("processValues-1.v").all()).toEqual(whole.store("processValues-1.v").all());
    }),
  );
});
