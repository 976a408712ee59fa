import type { ProcessNode } from "../../../schema/plan.ts";
import { endsOf, metOf, stateStoreOf } from "../plan/stores.ts";
import type { OrderedStore } from "../store/ordered-store.ts";
import type { CachedStore, StoreCache } from "../store/store-cache.ts";
import { TimerQueue } from "../store/timer-queue.ts";
import { ExpiringValues, ListState, MapState, splitCompositeKey, ValueState } from "./keyed-state.ts";

export interface ProcessorStateParts {
  readonly node: ProcessNode;
  readonly cache: StoreCache;
  /** By the name of the state: where its values lie. */
  readonly values: ReadonlyMap<string, CachedStore>;
  readonly lists: ReadonlyMap<string, OrderedStore>;
  readonly expiries: TimerQueue;
  /** Keys that something has come for; kept only where there are initial states. */
  readonly met: CachedStore | undefined;
  readonly nowMs: () => number;
}

/** All state of a processor. The handles that user code holds are for the key at work. */
export class ProcessorState {
  readonly #parts: ProcessorStateParts;
  readonly #expiring = new Map<string, ExpiringValues>();
  readonly #lists: ListState[] = [];
  readonly #handles: { readonly [name: string]: unknown };
  #key = "";
  /** Of the record, row or timer at work. */
  #atMs = 0;

  constructor(parts: ProcessorStateParts) {
    this.#parts = parts;
    const handles: Record<string, unknown> = {};
    for (const name of Object.keys(parts.node.states)) handles[name] = this.#handle(name);
    this.#handles = handles;
  }

  handlesFor(key: string, atMs: number): { readonly [name: string]: unknown } {
    this.#key = key;
    this.#atMs = atMs;
    return this.#handles;
  }

  met(key: string): boolean {
    const { cache, met } = this.#parts;
    return met !== undefined && cache.entry(met, key).value !== undefined;
  }

  meet(key: string): void {
    const { cache, met } = this.#parts;
    if (met === undefined) return;
    const entry = cache.entry(met, key);
    if (entry.value === undefined) cache.write(entry, { value: "1", timestampMs: 0 });
  }

  /** Where time may have moved: of the values those that are over by now. */
  letGo(): void {
    const { expiries, nowMs } = this.#parts;
    for (const { key: place } of expiries.takeDue(nowMs())) {
      const [name, key] = splitCompositeKey(place);
      this.#expiring.get(name)?.due(key);
    }
  }

  /** Before each flush: of the lists what is over by now. */
  expire(): void {
    for (const list of this.#lists) list.expire();
  }

  #handle(name: string): unknown {
    const { node, cache, values, lists, expiries, nowMs } = this.#parts;
    const { kind, ttlMs } = node.states[name] ?? { kind: "value", ttlMs: undefined };
    const writtenMs = (): number => (nowMs() === -Infinity ? this.#atMs : nowMs());
    const parts = { name, cache, ttlMs, expiries, nowMs, writtenMs };
    const key = (): string => this.#key;
    const ordered = lists.get(name);
    if (kind === "list" && ordered !== undefined) {
      const list = new ListState(parts, ordered, key);
      this.#lists.push(list);
      return list;
    }
    const store = values.get(name);
    if (store === undefined) throw new Error(`state ${name} has no store`);
    const expiring = new ExpiringValues(parts, store);
    this.#expiring.set(name, expiring);
    return kind === "map" ? new MapState(expiring, key) : new ValueState(expiring, key);
  }
}

/** The state of a processor over its stores. */
export function stateOf(
  node: ProcessNode,
  { cache }: { readonly cache: StoreCache },
  nowMs: () => number,
): ProcessorState {
  const values = new Map<string, CachedStore>();
  const lists = new Map<string, OrderedStore>();
  for (const [name, { kind, ttlMs = 0 }] of Object.entries(node.states)) {
    const store = stateStoreOf(node.store.name, name);
    if (kind === "list") {
      // What is over stays hidden from readers after a wake too.
      const expiredBefore = ttlMs === 0 ? undefined : nowMs() + 1;
      lists.set(name, cache.openOrdered(store, { bucketMs: Math.ceil(ttlMs / BUCKETS), expiredBefore }));
    } else values.set(name, cache.open(store, "keyValue"));
  }
  const expiries = new TimerQueue(cache, cache.open(endsOf(node.store.name), "window"));
  const met = node.inputs.length > 1 ? cache.open(metOf(node.store.name), "keyValue") : undefined;
  return new ProcessorState({ node, cache, values, lists, expiries, met, nowMs });
}

/** In the time to live of a list: a bucket goes as a whole. */
const BUCKETS = 20;
