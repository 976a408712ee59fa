import { DEFAULT_DRAIN_MS } from "../schema/limits.ts";
import type { TopologyNode } from "../schema/rpc/catalog.ts";
import type { StoreDescription } from "../schema/rpc/store.ts";
import type { TaskStatus } from "../schema/rpc/task.ts";
import { DeadLetters } from "./dead-letters.ts";
import { Store } from "./store.ts";
import type { Transport } from "./transport.ts";

export interface PipelineSummary {
  readonly name: string;
  readonly version: number;
  readonly incarnation: number;
  readonly state: "running" | "bootstrapping" | "paused" | "failed";
  readonly trigger: string;
  /** Topics it reads. */
  readonly sources: readonly string[];
  readonly error?: string | undefined;
}

export interface PipelineDescription extends PipelineSummary {
  /** `mermaid` is the text of a flowchart, `text` says the same in lines. */
  readonly topology: { readonly nodes: readonly TopologyNode[]; readonly mermaid: string; readonly text: string };
  /** One for each partition of what it reads, internal topics (`__<node>`) after those they are made of. */
  readonly tasks: readonly PipelineTask[];
  /** Another version that runs beside it, muted. */
  readonly fork?:
    | {
        readonly version: number;
        readonly incarnation: number;
        readonly state: "bootstrapping" | "running" | "swapping" | "abandoning";
        readonly error?: string | undefined;
        readonly tasks: readonly PipelineTask[];
      }
    | undefined;
}

type PipelineTask = Omit<TaskStatus, "pipeline" | "trigger">;

export interface TopicOffset {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export interface Forked {
  readonly version: number;
  readonly incarnation: number;
  readonly starts: readonly TopicOffset[];
  /** It reads the whole history. */
  readonly complete: boolean;
}

export interface Swapped {
  readonly version: number;
  readonly incarnation: number;
  readonly swappedAt: readonly TopicOffset[];
}

export interface SqlOptions {
  /** Values of the query's `?`, in their order. */
  readonly parameters?: readonly (string | number | boolean | null)[] | undefined;
  /** Only rows of this key, in its partition. */
  readonly key?: string | undefined;
  /** Only rows of this partition; with `key`, where the key's records were placed otherwise than by it. */
  readonly partition?: number | undefined;
  /** Default 1,000, at most 10,000. */
  readonly maxRows?: number | undefined;
  /** As of a store's reads, with `key` or `partition`; for at most `waitMs`, 10 000 unless told. */
  readonly minOffset?: number | undefined;
  readonly waitMs?: number | undefined;
}

export interface SqlRows {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number | null)[])[];
  /** There are more than `maxRows`. */
  readonly more: boolean;
  /** The rows reflect every record of these partitions of the stores' input below `offset`. */
  readonly reflects: readonly { readonly topic: string; readonly partition: number; readonly offset: number }[];
}

/** `client.pipelines`. */
export class Pipelines {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  async list(): Promise<readonly PipelineSummary[]> {
    const { pipelines } = await this.#transport.json<{ pipelines: readonly PipelineSummary[] }>({
      method: "GET",
      path: ["pipelines"],
    });
    return pipelines;
  }

  get(pipeline: string): Promise<PipelineDescription> {
    return this.#transport.json({ method: "GET", path: ["pipelines", pipeline] });
  }

  async pause(pipeline: string): Promise<void> {
    await this.#transport.json({ method: "POST", path: ["pipelines", pipeline, "pause"] });
  }

  async resume(pipeline: string): Promise<void> {
    await this.#transport.json({ method: "POST", path: ["pipelines", pipeline, "resume"] });
  }

  /**
   * Resolves when everything that was in the inputs when called has been processed, whatever the trigger, and what it
   * caused has been delivered. Closes no window. Rejects with `timed_out` after `timeoutMs` (default 30 000).
   *
   * @example
   * ```ts
   * import { Millrace } from "../sdk/index.ts";
   *
   * const client = new Millrace({ url: "http://127.0.0.1:8787" });
   * const producer = client.producer();
   * await producer.send("orders", { key: "a", value: { amount: 12 } });
   * await client.pipelines.drain("totals");
   * console.log(await client.pipelines.store("totals", "by-customer").get("a"));
   * ```
   */
  async drain(pipeline: string, options: { readonly timeoutMs?: number | undefined } = {}): Promise<void> {
    const { timeoutMs } = options;
    await this.#transport.json({
      method: "POST",
      path: ["pipelines", pipeline, "drain"],
      query: { timeoutMs },
      timeoutMs: (timeoutMs ?? DEFAULT_DRAIN_MS) + this.#transport.retry.timeoutMs,
    });
  }

  async stores(pipeline: string): Promise<readonly StoreDescription[]> {
    const { stores } = await this.#transport.json<{ stores: readonly StoreDescription[] }>({
      method: "GET",
      path: ["pipelines", pipeline, "stores"],
    });
    return stores;
  }

  /**
   * Starts another version of the deployed bundle beside the one that runs: it reads the same topics, and nothing of it goes to
   * topics and sinks until `swap`. The highest other version, from the earliest offsets, unless told.
   *
   * @example
   * ```ts
   * import { Millrace } from "../sdk/index.ts";
   *
   * const client = new Millrace({ url: "http://127.0.0.1:8787" });
   * await client.pipelines.fork("totals", { version: 2 });
   * const { fork } = await client.pipelines.get("totals"); // its tasks, with their lag
   * if (fork?.tasks.every(({ lag }) => lag === 0)) await client.pipelines.swap("totals", { version: 2 });
   * else await client.pipelines.abandonFork("totals");
   * ```
   */
  fork(
    pipeline: string,
    options: { readonly version?: number | undefined; readonly from?: "earliest" | "latest" | undefined } = {},
  ): Promise<Forked> {
    return this.#transport.json({ method: "POST", path: ["pipelines", pipeline, "fork"], body: options });
  }

  /**
   * The version that runs stops, and the fork goes on in its place: what records below `swappedAt` caused the former has sent,
   * what others cause the new one sends. Waits until both have come so far. Name the version, so that a repeat finds it done.
   */
  swap(pipeline: string, options: { readonly version?: number | undefined } = {}): Promise<Swapped> {
    return this.#transport.json({
      method: "POST",
      path: ["pipelines", pipeline, "swap"],
      body: options,
      timeoutMs: DEFAULT_DRAIN_MS + this.#transport.retry.timeoutMs,
    });
  }

  /** Ends the fork: nothing of it is left but its dead letters. */
  async abandonFork(pipeline: string): Promise<void> {
    await this.#transport.json({
      method: "DELETE",
      path: ["pipelines", pipeline, "fork"],
      doneWhen: "not_found",
    });
  }

  deadLetters(pipeline: string): DeadLetters {
    return new DeadLetters(this.#transport, pipeline);
  }

  /**
   * One SELECT over stores of the pipeline, within one partition or merged over all of them: docs/reads.md says what it may
   * have. Rejects with `sql_error` or `query_too_expensive`, which say what to do.
   *
   * @example
   * ```ts
   * import { Millrace } from "../sdk/index.ts";
   *
   * const client = new Millrace({ url: "http://127.0.0.1:8787" });
   * const query = 'select key, value from "by-customer" where value > ? order by value desc limit 10';
   * const { columns, rows } = await client.pipelines.sql("totals", query, { parameters: [100] });
   * console.table(rows.map((row) => Object.fromEntries(columns.map((column, index) => [column, row[index]]))));
   * ```
   */
  sql(pipeline: string, sql: string, options: SqlOptions = {}): Promise<SqlRows> {
    return this.#transport.json({
      method: "POST",
      path: ["pipelines", pipeline, "sql"],
      body: { sql, ...options },
      timeoutMs: (options.waitMs ?? 0) + this.#transport.retry.timeoutMs,
    });
  }

  store(pipeline: string, store: string): Store {
    return new Store(this.#transport, { pipeline, store });
  }
}
