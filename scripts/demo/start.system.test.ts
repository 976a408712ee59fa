import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { expect, test } from "vitest";
import { root } from "../engine/bundle.ts";
import { dataFolder } from "../test/data-folder.ts";

/** `npm start -- …`, until it ends. */
async function start(...args: readonly string[]): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawn(process.execPath, ["scripts/run.mjs", "scripts/start.ts", ...args], { cwd: root });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.on("exit", resolve));
  return { code, output };
}

/** Of the table in D1, the topic of alerts and the bucket. */
const RESULTS = [/DFW +1,103 /, /426 delay alerts/, /17,473 rows/, /\d+ files in R2/];

test("shows what came of the flights; a second start has nothing to send and says so [DMO-4]", async () => {
  const data = dataFolder();
  const first = await start("--exit", "--port", "0", "--data", data);
  expect(first.code).toBe(0);
  for (const result of [...RESULTS, /20,000 of 20,000 flights/, /records\/s/]) expect(first.output).toMatch(result);
  // No terminal, no colors.
  expect(first.output).not.toContain("\u001B");

  const second = await start("--exit", "--port", "0", "--data", data);
  expect(second.code).toBe(0);
  expect(second.output).toContain("20,000 flights are already stored; nothing to send.");
  for (const result of RESULTS) expect(second.output).toMatch(result);
});

test("takes a free port when 8787 is taken, but not in the place of one that was asked for [DMO-5]", async () => {
  const server = createServer().listen(8787, "127.0.0.1");
  // Taken by somebody else is as good.
  await new Promise((resolve) => server.once("listening", resolve).once("error", resolve));
  try {
    const free = await start("--exit", "--data", dataFolder());
    expect(free).toMatchObject({ code: 0 });
    expect(free.output).toContain("Port 8787 is taken; using a free one.");
    const asked = await start("--exit", "--port", "8787", "--data", dataFolder());
    expect(asked).toMatchObject({ code: 1 });
    expect(asked.output).toContain("Port 8787 is taken. Choose another with --port");
  } finally {
    server.close();
  }
});

test("an unknown flag is refused with status 2 and the usage [LOC-8]", async () => {
  const { code, output } = await start("--exti");
  expect(code).toBe(2);
  expect(output).toContain("'--exti'");
  expect(output).toContain("--exit ");
});
