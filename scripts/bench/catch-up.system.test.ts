import { expect, test } from "vitest";
import { measureCatchUp } from "./catch-up.ts";
import { Stage } from "./stage.ts";

test("appends are answered while a pipeline catches up, between its slices [ENG-30]", async () => {
  const stage = new Stage();
  const engine = stage.start("platform", "catch-up");
  try {
    const { appends } = await measureCatchUp(engine, { count: 300_000, runs: 1 });
    // A slice has at most 20,000 records. One append is answered at the end in any case.
    expect(appends).toBeGreaterThan(3);
  } finally {
    await stage.discard(engine, "catch-up");
  }
});
