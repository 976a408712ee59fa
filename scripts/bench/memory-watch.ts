import { readFileSync } from "node:fs";
import { join } from "node:path";
import { residentBytes } from "../engine/process-info.ts";

const EVERY_MS = 100;

/** The engine of a folder, looked at from outside: resident memory of its Node.js and its workerd together. */
export class MemoryWatch {
  readonly #node: number;
  readonly #workerd: number;
  readonly #timer: NodeJS.Timeout;
  #peak = { node: 0, workerd: 0 };

  /** Once the engine answers. */
  constructor(dataDir: string) {
    this.#node = (JSON.parse(readFileSync(join(dataDir, "engine.json"), "utf8")) as { pid: number }).pid;
    this.#workerd = Number(readFileSync(join(dataDir, "workerd.pid"), "utf8"));
    this.#timer = setInterval(() => this.#look(), EVERY_MS);
  }

  /** Bytes at the moment when both together were most. */
  stop(): { readonly node: number; readonly workerd: number } {
    clearInterval(this.#timer);
    this.#look();
    return this.#peak;
  }

  #look(): void {
    const now = { node: residentBytes(this.#node), workerd: residentBytes(this.#workerd) };
    if (now.node + now.workerd > this.#peak.node + this.#peak.workerd) this.#peak = now;
  }
}
