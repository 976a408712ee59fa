import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Fetch, Millrace } from "../../sdk/index.ts";
import { EngineProcess, runScript } from "../engine/engine-process.ts";

export type Kind = "platform" | "probe";

/** Engines in processes and folders of their own, all gone when the benchmark ends, however it ends. */
export class Stage {
  readonly #folder = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  readonly #engines: EngineProcess[] = [];

  constructor() {
    process.on("exit", () => this.#end());
  }

  folder(name: string): string {
    return join(this.#folder, name);
  }

  start(kind: Kind, name: string): EngineProcess {
    const env = { MILLRACE_BENCH: kind };
    const engine = new EngineProcess({
      dataDir: this.folder(name),
      command: runScript("scripts/bench/engine.ts"),
      env,
    });
    this.#engines.push(engine);
    return engine;
  }

  /** Ends an engine and removes its folder, which may be large. */
  async discard(engine: EngineProcess, name: string): Promise<void> {
    await engine.kill();
    rmSync(this.folder(name), { recursive: true, force: true, maxRetries: 5 });
  }

  #end(): void {
    for (const engine of this.#engines) void engine.kill();
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

export async function clientOf(engine: EngineProcess, send?: Fetch): Promise<Millrace> {
  return new Millrace({ url: await engine.ready, fetch: send });
}
