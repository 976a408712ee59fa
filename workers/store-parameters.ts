import { keysInOrder } from "../durable-objects/store-order.ts";
import { refuse, type Refusal } from "../schema/error.ts";
import type { StoreDescription, StoreRead } from "../schema/rpc/store.ts";
import type { StoreParameters } from "../schema/wire/request/store.ts";

const PARAMETERS: { readonly [read in StoreRead]: readonly (keyof StoreParameters)[] } = {
  key: ["key"],
  prefix: ["prefix"],
  range: ["fromKey", "toKey"],
  times: ["from", "to"],
  asOf: ["asOf"],
};

/** A key has one row. */
export function singleRow({ kind }: StoreDescription): boolean {
  return kind === "keyValue" || kind === "versioned";
}

/** Which parameters go together (STR-2), and which this store knows (STR-7). */
export function checkStoreParameters(parameters: StoreParameters, store: StoreDescription): Refusal | undefined {
  return unknownTo(store, parameters) ?? keysProblem(parameters, store) ?? rangeProblem(parameters);
}

function unknownTo({ name, kind, reads }: StoreDescription, parameters: StoreParameters): Refusal | undefined {
  for (const [read, names] of Object.entries(PARAMETERS) as [StoreRead, readonly (keyof StoreParameters)[]][]) {
    const given = names.find((each) => parameters[each] !== undefined);
    if (given === undefined || reads.includes(read)) continue;
    const known = reads.flatMap((each) => PARAMETERS[each]).join(", ");
    return refuse("invalid_request", `store ${name} is of kind ${kind} and cannot be read by ${given}`, {
      field: given,
      hint: `It can be read by ${known}, or whole`,
    });
  }
  return undefined;
}

function keysProblem(parameters: StoreParameters, store: StoreDescription): Refusal | undefined {
  const { key, prefix, fromKey, toKey, cursor, limit, asOf } = parameters;
  const ranged = prefix !== undefined || fromKey !== undefined || toKey !== undefined;
  if (key !== undefined && ranged)
    return refuse("invalid_request", "key names one key: leave out prefix, fromKey and toKey", { field: "key" });
  if (prefix !== undefined && (fromKey !== undefined || toKey !== undefined))
    return refuse("invalid_request", "prefix is a range of keys: leave out fromKey and toKey", { field: "prefix" });
  if (fromKey !== undefined && toKey !== undefined && !keysInOrder(fromKey, toKey))
    return refuse("invalid_request", "fromKey is after toKey", { field: "fromKey" });
  if (asOf !== undefined && key === undefined) {
    const hint = "Read key by key: ranges and SQL see the table as it is";
    return refuse("invalid_request", "asOf needs a key", { field: "key", hint });
  }
  if (key === undefined || !singleRow(store)) return undefined;
  if (cursor !== undefined)
    return refuse("invalid_request", "one key has no pages: leave out cursor", { field: "cursor" });
  if (limit !== undefined)
    return refuse("invalid_request", "one key has no pages: leave out limit", { field: "limit" });
  return undefined;
}

function rangeProblem({ key, from, to, minOffset, partition }: StoreParameters): Refusal | undefined {
  if (from !== undefined && to !== undefined && from > to)
    return refuse("invalid_request", `from ${from} is after to ${to}`, { field: "from" });
  if (minOffset !== undefined && key === undefined && partition === undefined)
    return refuse("invalid_request", "minOffset needs the partition that it counts in", { field: "partition" });
  return undefined;
}
