import { expect, test } from "vitest";
import type { TableOptions } from "./store.ts";
import { pipeline } from "./pipeline.ts";

test.each([{}, true, "1 day"])("a versioned table without its history says what to give: %j [DSL-3]", (versioned) => {
  const options = { versioned } as unknown as TableOptions;
  expect(() => pipeline("prices", ({ table }) => table("prices", { store: "prices", ...options }))).toThrow(
    'Table "prices" is versioned, and nothing says how far back. Give { versioned: { historyRetention: "1 day" } }.',
  );
});
