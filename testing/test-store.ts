import type { MemoryStateStore } from "../durable-objects/core/store/memory-state-store.ts";
import { type Result, resultText } from "../durable-objects/core/operator/result-payload.ts";
import { viewOf } from "../durable-objects/core/read/view-of.ts";
import { liesByKey } from "../durable-objects/core/plan/windows.ts";
import type { Windows } from "../schema/windows.ts";

export interface TestEntry<Value> {
  readonly key: string;
  /** Of a windowed store: the window is `[start, end)`. */
  readonly start?: number | undefined;
  readonly end?: number | undefined;
  readonly value: Value;
  /** Largest time of a record in it. */
  readonly timestampMs: number;
}

export interface TestStoreParts {
  readonly name: string;
  /** Of every partition. */
  readonly stores: readonly MemoryStateStore[];
  /** Set for a windowed store. */
  readonly windows: Windows | undefined;
  /** What is shown is made of the state by it. */
  readonly result: Result | undefined;
}

/** A store as committed, over all partitions. */
export class TestStore<Value> {
  readonly #parts: TestStoreParts;

  constructor(parts: TestStoreParts) {
    this.#parts = parts;
  }

  /** The value of a key; `undefined` when it has none. For a windowed store see `windows`. */
  get(key: string): Value | undefined {
    const { name, stores, windows } = this.#parts;
    if (windows !== undefined) throw new Error(`Store "${name}" is windowed. Ask for windows(key).`);
    const stored = stores.map((store) => store.get(name, key)).find((each) => each !== undefined);
    return stored === undefined ? undefined : this.#shown(stored.value);
  }

  /** The windows of a key, by start. */
  windows(key: string): readonly TestEntry<Value>[] {
    const { name, windows } = this.#parts;
    if (windows === undefined) throw new Error(`Store "${name}" is not windowed. Ask for get(key).`);
    return this.all().filter((entry) => entry.key === key);
  }

  /** All entries of all keys: in key order within a partition, of a windowed store in order of start and end, then key. */
  all(): readonly TestEntry<Value>[] {
    const { name, stores, windows, result } = this.#parts;
    const limit = Number.POSITIVE_INFINITY;
    if (windows === undefined) {
      const rows = stores.flatMap((store) => store.scan(name, undefined, limit));
      return rows.map((row) => ({ ...row, value: this.#shown(row.value) }));
    }
    const table = { name, kind: liesByKey(windows) ? "ordered" : "window", windows, result } as const;
    const entries = stores.flatMap((store) => viewOf(store, table).scan({ limit }).rows);
    return entries
      .map((row) => ({ ...row, start: row.start ?? 0, end: row.end ?? 0 }))
      .toSorted((a, b) => a.start - b.start || a.end - b.end)
      .map(({ key, start, end, value, timestampMs }) => ({
        key,
        start,
        end,
        value: JSON.parse(value) as Value,
        timestampMs,
      }));
  }

  #shown(state: string): Value {
    return JSON.parse(resultText(state, this.#parts.result)) as Value;
  }
}
