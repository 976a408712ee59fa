import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { EngineError } from "./engine-error.ts";
import { endOrphan } from "./orphan.ts";

/** What stands in `engine.json`, for people and for the next start. */
interface Holder {
  readonly pid: number;
  readonly url?: string | undefined;
}

/** An engine that was told to end, or whose npm was killed, is gone within this. */
const PATIENCE_MS = 3_000;

/**
 * The right to use a data folder: two engines on one folder would both answer offset 0 (LOC-3). It is the lock of an SQLite
 * file, which the operating system releases when the process ends in whatever way, so no lock is ever stale.
 */
export class FolderLock {
  readonly #folder: string;
  readonly #database: DatabaseSync;

  private constructor(folder: string, database: DatabaseSync) {
    this.#folder = folder;
    this.#database = database;
  }

  /** Waits a little for a holder that is ending, then throws an EngineError that names it. */
  static async take(folder: string): Promise<FolderLock> {
    mkdirSync(folder, { recursive: true });
    const until = performance.now() + PATIENCE_MS;
    for (;;) {
      const database = tryLock(join(folder, "engine.lock"));
      if (database !== undefined) {
        // Only the holder of the lock may: otherwise it could be the runtime of a living engine.
        await endOrphan(runtimeFile(folder));
        const lock = new FolderLock(folder, database);
        lock.describe({ pid: process.pid });
        return lock;
      }
      if (performance.now() > until) throw held(folder);
      await sleep(100);
    }
  }

  describe(holder: Holder): void {
    writeFileSync(join(this.#folder, "engine.json"), `${JSON.stringify(holder)}\n`);
  }

  release(): void {
    rmSync(join(this.#folder, "engine.json"), { force: true });
    rmSync(runtimeFile(this.#folder), { force: true });
    this.#database.close();
  }
}

/** Holds the process id of the folder's workerd. */
export function runtimeFile(folder: string): string {
  return join(folder, "workerd.pid");
}

function tryLock(file: string): DatabaseSync | undefined {
  const database = new DatabaseSync(file);
  try {
    database.exec("BEGIN EXCLUSIVE");
    return database;
  } catch (error) {
    database.close();
    const busy = 5; // SQLITE_BUSY
    if ((error as { errcode?: number }).errcode === busy) return undefined;
    throw error;
  }
}

function held(folder: string): EngineError {
  const { pid, url } = holderOf(folder);
  const who = [pid === undefined ? "" : `process ${pid}`, url ?? ""].filter((part) => part !== "").join(", ");
  return new EngineError(
    "folder_held",
    `Another engine (${who || "it has not said which"}) uses ${folder}. Stop it, or give this one a folder of its own with --data.`,
  );
}

function holderOf(folder: string): Partial<Holder> {
  try {
    return JSON.parse(readFileSync(join(folder, "engine.json"), "utf8")) as Holder;
  } catch {
    return {};
  }
}
