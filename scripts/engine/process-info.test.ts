import { expect, test } from "vitest";
import { cpuSeconds } from "./process-info.ts";

test("processor time of a process is what it counts itself; none of one that is not there", () => {
  const { user, system } = process.cpuUsage();
  const counted = (user + system) / 1_000_000;
  // Counted in hundredths, of user and of system time.
  expect(cpuSeconds(process.pid)).toBeGreaterThan(counted - 0.03);
  expect(cpuSeconds(2 ** 22 + 1)).toBe(0);
});
