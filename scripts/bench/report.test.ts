import { expect, test } from "vitest";
import { type Figures, report } from "./report.ts";

const ms = { p50: 1, p99: 2 };
const memory = { node: 1_000_000, workerd: 2_000_000 };
const figures: Figures = {
  append: [{ bytes: 100, partitions: 4, platform: 11, probe: 22, bare: 44 }],
  latency: [{ bytes: 1_000, platform: ms, probe: ms }],
  catchUp: { stored: 1_000_000, seconds: 5.25, appends: 1_234, busy: { p50: 3, p99: 44.444 }, quiet: ms },
  aggregate: [{ keys: 100, partitions: 1, both: 333, alone: 444 }],
  restart: { stored: 5_000, readyMs: 55, usableMs: 66 },
  memory,
  nexmark: {
    events: 7_000,
    queries: [
      {
        query: "q5",
        partitions: 1,
        both: 77,
        alone: 88,
        memory,
        rowsPerMillion: 99_000.4,
        cpuSecondsPerMillion: 12.34,
      },
    ],
  },
};

test("the README's figures hold every measurement [NEX-10]", () => {
  const lines = report(figures, { command: "npm run bench", runs: 4 }).split("\n");
  expect(lines).toEqual(
    expect.arrayContaining([
      "| 100 B, 4 partitions | 11 | 22 | 0.50 | 44 | 0.25 |",
      "| 1 KB | 1.00 / 2.00 | 1.00 / 2.00 |",
      "| … while 1,000,000 records of its partition are caught up | p50 / p99 ms | appends | caught up after |",
      "| 100 B, by a pipeline of one-hour windows | 3.00 / 44.44 | 1,234 | 5.3 s |",
      "| 100 B, with no pipeline there | 1.00 / 2.00 | 1,234 |  |",
      "| 100 B, 100 keys, 1 partition | 333 | 444 |",
      "| q5, 1 partition | 77 | 88 | 3 MB | 99,000 | 12.3 |",
    ]),
  );
});
