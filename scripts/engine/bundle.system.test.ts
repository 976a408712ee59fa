import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { dataFolder } from "../test/data-folder.ts";
import { bundleOf, type BundleSource, mapFileOf, root } from "./bundle.ts";
import { startEngine } from "./engine.ts";

const CONFIG = `
name = "counting"
main = "worker.ts"
compatibility_date = "2026-10-01"
`;

const WORKER = `
import { answer } from "./answer.ts";
let runs = 0;
export default {
  fetch: () => Response.json({ runs, answer }),
  scheduled() { runs += 1; },
};
`;

/** A Worker inside the repository, where the bundler looks for what is installed. */
function smallWorker(): { readonly source: BundleSource; readonly change: (answer: number) => void } {
  mkdirSync(join(root, "dist"), { recursive: true });
  const folder = mkdtempSync(join(root, "dist", "test-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const change = (answer: number) =>
    writeFileSync(join(folder, "answer.ts"), `export const answer: number = ${answer};`);
  writeFileSync(join(folder, "wrangler.toml"), CONFIG);
  writeFileSync(join(folder, "worker.ts"), WORKER);
  change(1);
  return { source: { entry: join(folder, "worker.ts"), config: join(folder, "wrangler.toml") }, change };
}

test("a bundle is made again when, and only when, something in it has changed, its map beside it [LOC-2, LOC-10]", async () => {
  const { source, change } = smallWorker();
  const first = await bundleOf(source);
  onTestFinished(() => rmSync(first.file, { force: true }));
  onTestFinished(() => rmSync(mapFileOf(source), { force: true }));
  expect(existsSync(mapFileOf(source))).toBe(true);
  expect(first).toMatchObject({ made: true, name: "counting" });
  expect(await bundleOf(source)).toMatchObject({ made: false, code: first.code });
  change(2);
  const second = await bundleOf(source);
  expect(second.made).toBe(true);
  expect(second.code).not.toBe(first.code);
  writeFileSync(source.config, CONFIG.replace("counting", "renamed"));
  expect(await bundleOf(source)).toMatchObject({ made: true, name: "renamed" });
});

test("the Worker's scheduled handler is called at the start [LOC-5]", async () => {
  const { source } = smallWorker();
  const engine = await startEngine({ dataDir: dataFolder(), source });
  try {
    const runs = async () => ((await (await fetch(engine.url)).json()) as { runs: number }).runs;
    for (let wait = 0; (await runs()) === 0 && wait < 50; wait++) await sleep(100);
    expect(await runs()).toBe(1);
  } finally {
    await engine.stop();
    rmSync((await bundleOf(source)).file, { force: true });
    rmSync(mapFileOf(source), { force: true });
  }
});
