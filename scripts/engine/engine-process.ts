import { spawn } from "node:child_process";
import { root } from "./bundle.ts";

export interface EngineProcessOptions {
  readonly dataDir: string;
  /** What takes `--port` and `--data` and says when it is ready. Default: scripts/serve.ts by way of run.mjs. */
  readonly command?: readonly string[] | undefined;
  readonly port?: number | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** `npm run serve`, or a script like it, in a process group of its own. */
export class EngineProcess {
  /** Resolves with the address when it answers; rejects when it ends before. */
  readonly ready: Promise<string>;
  /** How the process ended. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  #output = "";
  readonly #child;

  constructor({ dataDir, command = runScript("scripts/serve.ts"), port = 0, env = {} }: EngineProcessOptions) {
    const args = [...command.slice(1), "--port", String(port), "--data", dataDir];
    this.#child = spawn(command[0] ?? "", args, {
      cwd: root,
      detached: true,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.ended = new Promise((resolve) => this.#child.on("exit", (code, signal) => resolve({ code, signal })));
    this.ready = new Promise((resolve, reject) => {
      const take = (chunk: Buffer) => {
        this.#output += chunk.toString();
        const [, url] = /^ready (http:\/\/127\.0\.0\.1:\d+)$/m.exec(this.#output) ?? [];
        if (url !== undefined) resolve(url);
      };
      this.#child.stdout.on("data", take);
      this.#child.stderr.on("data", take);
      void this.ended.then(() => reject(new Error(`the engine ended: ${this.#output}`)));
    });
    // Not every test waits for it.
    this.ready.catch(() => {});
  }

  /** Both streams so far. */
  get output(): string {
    return this.#output;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** `kill -9` of everything it started, at once. */
  async kill(): Promise<void> {
    try {
      process.kill(-this.pid, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
    await this.ended;
  }

  /** As a person ends it. Resolves with the exit code. */
  async stop(): Promise<number | null> {
    this.#child.kill("SIGTERM");
    const { code } = await this.ended;
    return code;
  }
}

export function runScript(script: string): readonly string[] {
  return [process.execPath, "scripts/run.mjs", script];
}
