import { expect, test } from "vitest";
import { pipeline } from "../sdk/streams/index.ts";
import { TopologyTestDriver } from "./topology-test-driver.ts";

test("what never stops is found [DRV-13]", () => {
  const endless = pipeline("endless", ({ stream }) => stream("x").to("x")).allowCycle();
  expect(() => new TopologyTestDriver(endless).pipe("x", { value: 1 })).toThrow("round and round");
});
