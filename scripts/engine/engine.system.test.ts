import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { Millrace } from "../../sdk/index.ts";
import { dataFolder } from "../test/data-folder.ts";
import { EngineProcess } from "./engine-process.ts";
import { alive, commandAndEnvironment } from "./process-info.ts";

async function withEngine<T>(
  options: ConstructorParameters<typeof EngineProcess>[0],
  use: (engine: EngineProcess, url: string) => Promise<T>,
): Promise<T> {
  const engine = new EngineProcess(options);
  try {
    return await use(engine, await engine.ready);
  } finally {
    await engine.kill();
  }
}

function runtimeOf(dataDir: string): number {
  return Number(readFileSync(join(dataDir, "workerd.pid"), "utf8"));
}

/** A killed process whose parent has not looked yet is still a number, but has no memory. */
function runs(pid: number): boolean {
  return alive(pid) && commandAndEnvironment(pid).includes("workerd");
}

test("says ready when it answers, ends with 0 when told to, and finds everything again [LOC-1, LOC-7]", async () => {
  const dataDir = dataFolder();
  const runtime = await withEngine({ dataDir }, async (engine, url) => {
    expect(engine.output).toMatch(/^ready http:\/\/127\.0\.0\.1:\d+$/m);
    const client = new Millrace({ url });
    expect(await client.health()).toMatchObject({ status: "ok" });
    await client.topics.create("kept");
    const producer = client.producer();
    await producer.send("kept", { key: "a", value: 1 });
    const pid = runtimeOf(dataDir);
    expect(await engine.stop()).toBe(0);
    return pid;
  });
  expect(runs(runtime)).toBe(false);
  await withEngine({ dataDir }, async (_, url) => {
    const { partitions } = await new Millrace({ url }).topics.get("kept");
    expect(partitions).toMatchObject([{ logEndOffset: 1 }]);
  });
});

test("a second engine on the folder is refused and the first goes on [LOC-3]", async () => {
  const dataDir = dataFolder();
  await withEngine({ dataDir }, async (_, url) => {
    const second = new EngineProcess({ dataDir });
    expect(await second.ended).toMatchObject({ code: 1 });
    expect(second.output).toContain(url);
    expect(second.output).toContain("--data");
    expect(second.output).not.toContain("    at ");
    expect(await new Millrace({ url }).health()).toMatchObject({ status: "ok" });
  });
});

test("a taken port is said, and the folder is free again [LOC-8]", async () => {
  await withEngine({ dataDir: dataFolder() }, async (_, url) => {
    const dataDir = dataFolder();
    const second = new EngineProcess({ dataDir, port: Number(new URL(url).port) });
    expect(await second.ended).toMatchObject({ code: 1 });
    expect(second.output).toContain("is taken. Choose another with --port");
    await withEngine({ dataDir }, async () => {});
  });
});

test("what is not an option is refused with status 2 [LOC-8]", async () => {
  for (const port of [-1, 70_000, 1.5]) {
    const engine = new EngineProcess({ dataDir: dataFolder(), port });
    expect(await engine.ended).toMatchObject({ code: 2 });
    expect(engine.output).toMatch(/--port takes|'--port'/);
  }
});

/** Kills the engine's own process only, and answers its runtime's id. */
async function killAlone(dataDir: string): Promise<number> {
  const { pid } = JSON.parse(readFileSync(join(dataDir, "engine.json"), "utf8")) as { pid: number };
  const runtime = runtimeOf(dataDir);
  process.kill(pid, "SIGKILL");
  return runtime;
}

test.each([
  { how: "at once, where the system does it", MILLRACE_NO_SETPRIV: "" },
  { how: "a second later, where a shell watches", MILLRACE_NO_SETPRIV: "1" },
])("workerd ends with a killed engine: $how [LOC-4]", async ({ MILLRACE_NO_SETPRIV }) => {
  const dataDir = dataFolder();
  await withEngine({ dataDir, env: { MILLRACE_NO_SETPRIV } }, async (engine) => {
    const runtime = await killAlone(dataDir);
    await engine.ended;
    for (let wait = 0; runs(runtime) && wait < 40; wait++) await sleep(100);
    expect(runs(runtime)).toBe(false);
  });
});

test("a start ends the runtime that the folder's last engine left [LOC-4]", async () => {
  const dataDir = dataFolder();
  await withEngine({ dataDir, env: { MILLRACE_NO_SETPRIV: "1" } }, async (engine, url) => {
    const runtime = await killAlone(dataDir);
    await engine.ended;
    await withEngine({ dataDir, port: Number(new URL(url).port) }, async () => {
      expect(runs(runtime)).toBe(false);
    });
  });
  expect(existsSync(join(dataDir, "v3"))).toBe(true);
});

test("kill -9 of npm alone ends the engine too [LOC-7]", async () => {
  const dataDir = dataFolder();
  const engine = new EngineProcess({ dataDir, command: ["npm", "run", "serve", "--"] });
  try {
    await engine.ready;
    const runtime = runtimeOf(dataDir);
    process.kill(engine.pid, "SIGKILL");
    for (let wait = 0; runs(runtime) && wait < 40; wait++) await sleep(100);
    expect(runs(runtime)).toBe(false);
  } finally {
    await engine.kill();
  }
});
