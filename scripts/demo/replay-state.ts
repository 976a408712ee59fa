import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ProducerIdentity } from "../../sdk/index.ts";

export interface ReplayIdentity extends ProducerIdentity {
  /** Records of each partition that were there before this producer. */
  readonly before: readonly number[];
}

/** Who replays the flights: kept beside the data, so that a later start is the same producer. */
export class ReplayState {
  readonly #file: string;

  constructor(dataDir: string) {
    this.#file = join(dataDir, "demo.json");
  }

  read(): ReplayIdentity | undefined {
    return existsSync(this.#file) ? (JSON.parse(readFileSync(this.#file, "utf8")) as ReplayIdentity) : undefined;
  }

  /** Renamed into place: a half-written one would make the next start a stranger. */
  write(identity: ReplayIdentity): void {
    writeFileSync(`${this.#file}.new`, `${JSON.stringify(identity)}\n`);
    renameSync(`${this.#file}.new`, this.#file);
  }
}
