/// <reference types="@cloudflare/vitest-plugin/types" />
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { partitionMigrations } from "../../schema/disk/partition-migrations.ts";
import { migrate } from "../sqlite/migrate.ts";
import type { BareEnv, BareObject } from "./bare-object.ts";

/** A new one with every call. */
export function bareObject(): DurableObjectStub<BareObject> {
  return (env as unknown as BareEnv).BARE.getByName(crypto.randomUUID());
}

/** Runs inside the object, over its storage with the tables of a Partition. */
export function inPartitionStorage<T>(
  body: (storage: DurableObjectStorage) => T | Promise<T>,
  stub: DurableObjectStub<BareObject> = bareObject(),
): Promise<T> {
  return runInDurableObject(stub, (_, { storage }) => {
    migrate(storage.sql, (work) => storage.transactionSync(work), partitionMigrations);
    return body(storage);
  });
}
