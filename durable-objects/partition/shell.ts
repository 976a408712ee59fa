import { partitionMigrations } from "../../schema/disk/partition-migrations.ts";
import { assert } from "../core/assert.ts";
import type { Env } from "../env.ts";
import type { Host } from "../host.ts";
import type { Plans } from "../plans.ts";
import { Signal } from "../signal.ts";
import { migrate, schemaVersion } from "../sqlite/migrate.ts";
import { type WallClock, wallClock } from "../wall-clock.ts";

import { Loaded, readPartitionRow } from "./loaded.ts";
import type { OnStep } from "./steps.ts";

function noStep(): void {}

/** Storage, clock and background work of one Partition, and its memory copy of what is committed. */
export class Shell {
  readonly env: Env;
  /** Woken after every commit and every confirmed delivery. */
  readonly changed: Signal;
  readonly clock: WallClock;
  readonly #ctx: DurableObjectState;
  readonly plans: Plans;
  /** The object is at this step; nothing happens where nobody listens. */
  readonly step: OnStep;
  #loaded: Loaded | undefined;

  constructor(ctx: DurableObjectState, env: Env, { plans, clock = wallClock, onStep = noStep }: Host) {
    this.#ctx = ctx;
    this.clock = clock;
    this.changed = new Signal(clock);
    this.env = env;
    this.plans = plans;
    this.step = onStep;
    // A partition that was never opened has no table and makes none (LOG-9).
    if (schemaVersion(ctx.storage.sql) > 0) {
      // A deleted one has lost the tables that a migration would change.
      if (readPartitionRow(ctx.storage.sql)?.status !== "deleted")
        migrate(ctx.storage.sql, (work) => ctx.storage.transactionSync(work), partitionMigrations);
      this.#reload();
    }
  }

  /** Absent until the Catalog has opened the partition, and after it was deleted. */
  get loaded(): Loaded | undefined {
    return this.#loaded;
  }

  get storage(): DurableObjectStorage {
    return this.#ctx.storage;
  }

  now(): number {
    return this.clock.now();
  }

  /** Creates the tables of a partition opened for the first time. */
  create(): void {
    migrate(this.storage.sql, (work) => this.storage.transactionSync(work), partitionMigrations);
  }

  /** One transaction over an open partition. When `work` throws nothing is kept, on disk or in memory. */
  write<T>(work: (loaded: Loaded) => T): T {
    const loaded = this.#loaded;
    if (loaded === undefined) throw new Error("the partition is not open");
    return this.transaction(() => work(loaded));
  }

  transaction<T>(work: () => T): T {
    try {
      return this.storage.transactionSync(() => {
        const result = work();
        // An async body would go on outside the transaction, which commits at its first await.
        assert(!(result instanceof Promise), "a transaction is synchronous");
        return result;
      });
    } catch (error) {
      this.reload();
      throw error;
    }
  }

  /** Reads memory anew from what is committed. When that fails too the object ends: the next wake starts from disk. */
  reload(): void {
    try {
      this.#reload();
    } catch (error) {
      this.#ctx.abort(`what is committed cannot be read: ${String(error)}`);
      throw error;
    }
  }

  #reload(): void {
    const row = schemaVersion(this.storage.sql) === 0 ? undefined : readPartitionRow(this.storage.sql);
    this.#loaded =
      row?.status === "open" ? new Loaded(this.storage, row, { plans: this.plans, before: this.#loaded }) : undefined;
  }

  /** Resolves when all that was written is durable; lets other events in. */
  sync(): Promise<void> {
    return this.storage.sync();
  }

  /** Work that outlives the call that caused it. Its failure is a bug: logged, and the next wake starts from disk. */
  background(work: Promise<unknown>): void {
    this.#ctx.waitUntil(work.catch((error: unknown) => console.error("background work failed:", error)));
  }
}
