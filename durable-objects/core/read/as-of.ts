import { historyOf } from "../plan/stores.ts";
import { NO_ROW } from "../operator/versioned-rows.ts";
import type { StateStore, StoredValue } from "../store/state-store.ts";

/** The row of a key of a versioned table as it was; its time is that from which it held. Not asked for times before the history. */
export function rowAsOf(
  store: StateStore,
  name: string,
  { key, asOfMs }: { readonly key: string; readonly asOfMs: number },
): StoredValue | undefined {
  const latest = store.get(name, key);
  if (latest !== undefined && latest.timestampMs <= asOfMs) return latest;
  const range = { fromAt: asOfMs + 1, toAt: Number.MAX_SAFE_INTEGER, limit: 1 };
  const [version] = store.ordered.range(historyOf(name), key, range);
  if (version === undefined || version.timestampMs > asOfMs || version.value === NO_ROW) return undefined;
  return { value: version.value, timestampMs: version.timestampMs };
}
