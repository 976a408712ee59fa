import type { StoreAnswer, StorePlace } from "../schema/rpc/store.ts";
import { comparePlaces } from "./core/read/view.ts";
import { compareKeys, keysWithPrefix } from "./core/store/key-order.ts";

/** The order of rows, for those that merge the rows of several partitions. */
export function orderOf(order: StoreAnswer["order"]): (a: StorePlace, b: StorePlace) => number {
  return comparePlaces(order);
}

/** `fromKey <= key < toKey`. */
export interface KeyRange {
  readonly fromKey?: string | undefined;
  readonly toKey?: string | undefined;
}

export function keysBeginning(prefix: string): KeyRange {
  const { from, to } = keysWithPrefix(prefix);
  return { fromKey: from, toKey: to };
}

export function onlyKey(key: string): KeyRange {
  return { fromKey: key, toKey: `${key}\0` };
}

export function keysInOrder(a: string, b: string): boolean {
  return compareKeys(a, b) <= 0;
}
