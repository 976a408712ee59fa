import { join } from "node:path";
import { rmSync } from "node:fs";
import { bundleOf, type BundleSource, FRONT, platform } from "./bundle.ts";
import { startCron } from "./cron.ts";
import { EngineError } from "./engine-error.ts";
import { FolderLock, runtimeFile } from "./folder-lock.ts";
import {
  convertV4MiniflareOptions,
  Miniflare,
  MiniflareCoreError,
  type MiniflareInstance,
  type V4MiniflareOptions,
} from "./miniflare.ts";
import { miniflareOptions } from "./miniflare-options.ts";
import { pidIn } from "./orphan.ts";
import { residentBytes } from "./process-info.ts";

export interface EngineOptions {
  /** Absolute. Everything is kept here; one engine at a time. */
  readonly dataDir: string;
  /** 0, the default, is a free one. */
  readonly port?: number | undefined;
  /** The platform itself unless told. */
  readonly source?: BundleSource | undefined;
  /** Calls the Worker's `scheduled` at the start and every 5 minutes. Default true. */
  readonly cron?: boolean | undefined;
}

/** Resident bytes. */
export interface EngineMemory {
  readonly node: number;
  readonly workerd: number;
}

export interface Engine {
  /** Without a slash at the end. */
  readonly url: string;
  memory(): EngineMemory;
  /** The first of these two starts a thread of 40 MB: Miniflare's way to bindings. */
  d1(): ReturnType<MiniflareInstance["getD1Database"]>;
  r2(): ReturnType<MiniflareInstance["getR2Bucket"]>;
  /** Resolves when workerd has ended and the folder is free. May be called twice. */
  stop(): Promise<void>;
}

/**
 * Runs the Worker's bundle on workerd, with its Durable Objects, D1 and R2 under `dataDir`. Resolves when it answers.
 * Throws an EngineError when another engine holds the folder or the port is taken.
 */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const { dataDir, port = 0 } = options;
  const bundle = await bundleOf(options.source ?? platform);
  const lock = await FolderLock.take(dataDir);
  const miniflare = newMiniflare(miniflareOptions(bundle, { dataDir, port }), dataDir);
  try {
    const internal = await miniflare.ready;
    const url = (await miniflare.unsafeGetDirectURL(bundle.name, FRONT)).origin;
    lock.describe({ pid: process.pid, url });
    const stopCron = options.cron === false ? () => {} : startCron(internal);
    return runningEngine({ miniflare, lock, url, stopCron, runtimeFile: runtimeFile(dataDir) });
  } catch (error) {
    await miniflare.dispose().catch(() => {});
    lock.release();
    throw portTaken(error) ? takenPort(port) : error;
  }
}

interface Parts {
  readonly miniflare: MiniflareInstance;
  readonly lock: FolderLock;
  readonly url: string;
  readonly stopCron: () => void;
  readonly runtimeFile: string;
}

function runningEngine({ miniflare, lock, url, stopCron, runtimeFile: file }: Parts): Engine {
  let stopped: Promise<void> | undefined;
  const stop = async () => {
    stopCron();
    await miniflare.dispose();
    lock.release();
  };
  return {
    url,
    memory: () => ({ node: process.memoryUsage.rss(), workerd: residentBytes(pidIn(file)) }),
    d1: () => miniflare.getD1Database("DB"),
    r2: () => miniflare.getR2Bucket("LAKE"),
    stop: () => (stopped ??= stop()),
  };
}

/**
 * Keeps two habits of Miniflare's from its surroundings: it ends the process itself on a signal, with 130, and a killed one
 * leaves its temporary folder behind, which here is one in the data folder that the next start removes.
 */
function newMiniflare(options: V4MiniflareOptions, dataDir: string): MiniflareInstance {
  const temporary = join(dataDir, "tmp");
  rmSync(temporary, { recursive: true, force: true });
  const { TMPDIR } = process.env;
  process.env["TMPDIR"] = temporary;
  const signals = (["SIGINT", "SIGTERM", "SIGHUP"] as const).map((signal) => ({
    signal,
    own: process.listeners(signal),
  }));
  try {
    return new Miniflare(convertV4MiniflareOptions(options));
  } finally {
    if (TMPDIR === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = TMPDIR;
    for (const { signal, own } of signals) {
      const added = process.listeners(signal).filter((listener) => !own.includes(listener));
      for (const listener of added) process.off(signal, listener);
    }
  }
}

function portTaken(error: unknown): boolean {
  return error instanceof MiniflareCoreError && error.code === "ERR_ADDRESS_IN_USE";
}

function takenPort(port: number): EngineError {
  return new EngineError(
    "port_taken",
    `Port ${port} is taken. Choose another with --port, or --port 0 for a free one.`,
  );
}
