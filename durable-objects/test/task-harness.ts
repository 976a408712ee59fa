import type { Plan, PlanNode } from "../../schema/plan.ts";
import type { Bytes, ConsumerRecord, Header } from "../../schema/record.ts";
import { MemoryStateStore } from "../core/store/memory-state-store.ts";
import { storesOf } from "../core/plan/stores.ts";
import type { StateStore, StoreKind } from "../core/store/state-store.ts";
import type { OutboxRow, SliceOptions, TaskCounters } from "../core/task/task-port.ts";
import { Task } from "../core/task/task.ts";
import { recordsOf } from "./batch-body.ts";
import { soleTask } from "./sole-task.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

export interface Given {
  readonly key?: string | Bytes | null | undefined;
  /** Text as it lies in the log; other values are written as JSON. */
  readonly value?: unknown;
  readonly text?: string | undefined;
  readonly timestampMs?: number | undefined;
  readonly headers?: readonly Header[] | undefined;
}

/** A plain buffer, which Cloudflare's type of TextEncoder does not promise. */
function utf8(text: string): Bytes {
  return new Uint8Array(encoder.encode(text));
}

/** Records of a log that starts at offset 0. */
export function logOf(given: readonly Given[]): ConsumerRecord[] {
  return given.map(({ key = null, value = null, text, timestampMs = 0, headers = [] }, offset) => {
    const source = text ?? (value === null ? null : JSON.stringify(value));
    return {
      offset,
      key: typeof key === "string" ? utf8(key) : key,
      value: source === null ? null : utf8(source),
      timestampMs,
      headers,
    };
  });
}

export function planOf(nodes: readonly PlanNode[], trigger: Plan["trigger"] = { kind: "perEvent" }): Plan {
  return { name: "test", version: 1, trigger, nodes, deadLetterTopic: "dead" };
}

/** One record that left, readable: `{to: "topic:out/0", key: "a", value: "12.30", timestampMs: 5, headers: {…}}`. */
export interface Sent {
  readonly to: string;
  readonly key: string | null;
  readonly value: string | null;
  readonly timestampMs: number;
  readonly headers: { readonly [key: string]: string | null };
}

export interface Outcome {
  /** By target. */
  readonly sent: { readonly [target: string]: readonly Sent[] };
  /** Bodies of targets that are not topics, put together as their reader does. */
  readonly text: { readonly [target: string]: string };
  readonly state: unknown;
  readonly progress: string;
  readonly counters: TaskCounters;
}

export interface Running {
  /** How many records a slice holds, in turn; the last goes on for ever. */
  readonly slices?: readonly number[] | undefined;
  /** After every slice the task is lost and taken up again from its progress. */
  readonly crash?: boolean | undefined;
  readonly cacheBytes?: number | undefined;
  /** Each slice is one micro-batch. */
  readonly microBatches?: boolean | undefined;
  readonly partitions?: number | undefined;
  readonly store?: StateStore | undefined;
  readonly terminated?: string | undefined;
}

/** Runs a log through a plan and gives all that came of it. */
export function runTask(plan: Plan, log: readonly ConsumerRecord[], running: Running = {}): Outcome {
  const store = running.store ?? new MemoryStateStore();
  const { cacheBytes = 1_000_000, partitions = 1 } = running;
  const outputs = Object.fromEntries(topicsOf(plan).map((topic) => [topic, { partitions }]));
  const make = (): Task => new Task(soleTask(plan), { store, topic: "in", partition: 0, outputs, cacheBytes });
  let task = make();
  task.restore(undefined);
  const rows: OutboxRow[] = [];
  let progress = "";
  let batchId = 0;
  for (const slice of slicesOf(log, running.slices ?? [Math.max(1, log.length)])) {
    const options: SliceOptions = {
      nowMs: 0,
      ...(running.microBatches === true ? { microBatch: { batchId: batchId++ } } : {}),
      ...(running.terminated === undefined ? {} : { terminated: running.terminated }),
    };
    const result = task.run(slice, options);
    rows.push(...result.rows);
    ({ progress } = result);
    if (running.crash !== true) continue;
    task = make();
    task.restore(progress);
  }
  return { ...received(rows), state: stateOf(plan, store), progress, counters: task.counters };
}

function topicsOf(plan: Plan): string[] {
  const sinks = plan.nodes.flatMap((node) =>
    node.kind === "sink" && node.sink.kind === "topic" ? [node.sink.topic] : [],
  );
  return [...sinks, plan.deadLetterTopic];
}

function* slicesOf(log: readonly ConsumerRecord[], sizes: readonly number[]): Iterable<readonly ConsumerRecord[]> {
  for (let from = 0, turn = 0; from < log.length; turn++) {
    const size = Math.max(1, sizes[Math.min(turn, sizes.length - 1)] ?? 1);
    yield log.slice(from, from + size);
    from += size;
  }
}

export function received(rows: readonly OutboxRow[]): Pick<Outcome, "sent" | "text"> {
  const sent: Record<string, Sent[]> = {};
  const text: Record<string, string> = {};
  for (const { target, body } of rows) {
    if (target.startsWith("topic:")) {
      (sent[target] ??= []).push(...recordsOf(body).map((record) => readable(target, record)));
      continue;
    }
    const before = text[target];
    const separator = before === undefined || !target.startsWith("d1:") ? "" : ",";
    text[target] = `${before ?? ""}${separator}${decoder.decode(body)}`;
  }
  return { sent, text };
}

function readable(to: string, { key, value, timestampMs, headers }: ConsumerRecord): Sent {
  const textOf = (bytes: Bytes | null): string | null => (bytes === null ? null : decoder.decode(bytes));
  const pairs = headers.map((header) => [header.key, textOf(header.value)] as const);
  return { to, key: textOf(key), value: textOf(value), timestampMs, headers: Object.fromEntries(pairs) };
}

export function stateOf(plan: Plan, store: StateStore): unknown {
  return plan.nodes.flatMap(storesOf).map(({ name, kind }) => [name, rowsOf(store, name, kind)]);
}

function rowsOf(store: StateStore, name: string, kind: StoreKind): unknown {
  switch (kind) {
    case "keyValue":
      return store.scan(name, undefined, 100_000);
    case "window":
      return store.scanWindows(name, undefined, 100_000);
    case "ordered":
      return store.ordered.scan(name, undefined, 100_000);
  }
}
