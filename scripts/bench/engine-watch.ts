import { readFileSync } from "node:fs";
import { join } from "node:path";
import { cpuSeconds, residentBytes } from "../engine/process-info.ts";

const EVERY_MS = 100;

/** Bytes. */
export interface Resident {
  readonly node: number;
  readonly workerd: number;
}

/** The engine of a folder, looked at from outside: its Node.js and its workerd together. */
export class EngineWatch {
  readonly #node: number;
  readonly #workerd: number;
  readonly #timer: NodeJS.Timeout;
  #peak: Resident = { node: 0, workerd: 0 };
  #stagePeak: Resident = this.#peak;

  /** Once the engine answers. */
  constructor(dataDir: string) {
    this.#node = (JSON.parse(readFileSync(join(dataDir, "engine.json"), "utf8")) as { pid: number }).pid;
    this.#workerd = Number(readFileSync(join(dataDir, "workerd.pid"), "utf8"));
    this.#timer = setInterval(() => this.#look(), EVERY_MS);
  }

  /** Processor time since they began. */
  get cpuSeconds(): number {
    return cpuSeconds(this.#node) + cpuSeconds(this.#workerd);
  }

  /** Most memory of both together since the last call. */
  stage(): Resident {
    this.#look();
    const peak = this.#stagePeak;
    this.#stagePeak = { node: 0, workerd: 0 };
    return peak;
  }

  /** Most memory of both together since the beginning. */
  stop(): Resident {
    clearInterval(this.#timer);
    this.#look();
    return this.#peak;
  }

  #look(): void {
    const now = { node: residentBytes(this.#node), workerd: residentBytes(this.#workerd) };
    this.#peak = larger(this.#peak, now);
    this.#stagePeak = larger(this.#stagePeak, now);
  }
}

function larger(a: Resident, b: Resident): Resident {
  return b.node + b.workerd > a.node + a.workerd ? b : a;
}
