import type { ErrorPolicy } from "../../schema/plan.ts";
import { every, pipeline } from "../../sdk/streams/index.ts";
import { TopologyTestDriver } from "../topology-test-driver.ts";

/** Throws on the numbers that are in `bad` at the time. */
export function driverOf(
  policy: ErrorPolicy,
  bad: ReadonlySet<number>,
  options: { batches?: boolean; regrouped?: boolean } = {},
): TopologyTestDriver {
  const check = (value: number): number => {
    if (bad.has(value)) throw new Error(`no ${value}`);
    return value;
  };
  const subject = pipeline("p", ({ stream }) => {
    const numbers = stream<number>("in");
    const grouped = options.regrouped === true ? numbers.selectKey((value) => `${value % 2}`) : numbers;
    grouped.groupByKey().count({ store: "counts" });
    const sent = options.regrouped === true ? grouped.repartition() : numbers;
    sent.mapValues(check).to("out");
  }).onError(policy);
  return new TopologyTestDriver(options.batches === true ? subject.trigger(every("1 second")) : subject);
}

export function sent(driver: TopologyTestDriver): unknown[] {
  return driver.read("out").map(({ value }) => value);
}
