import type { PipelineInput, PipelineRecord } from "../../schema/rpc/catalog.ts";
import type { TaskStatus } from "../../schema/rpc/task.ts";
import { batchOf, catalog, partition, type TestRecord } from "../../durable-objects/test/client.ts";
import type { Env } from "../../durable-objects/env.ts";
import type { Partition } from "../../durable-objects/test/objects.ts";
import { drainTasks } from "../pipeline-tasks.ts";

/** A pipeline through its objects, as the Worker drives it. */
export class PipelineClient {
  readonly #env: Env;
  readonly name: string;
  #inputs: readonly PipelineInput[] | undefined;

  constructor(env: Env, name: string) {
    this.#env = env;
    this.name = name;
  }

  async record(): Promise<PipelineRecord> {
    const answer = await catalog(this.#env).pipeline({ name: this.name });
    if (!answer.ok) throw new Error(answer.message);
    return answer.pipeline;
  }

  /** Of the incarnation that ran at the first call, or since `forget`. */
  async inputs(): Promise<readonly PipelineInput[]> {
    this.#inputs ??= (await this.record()).inputs;
    return this.#inputs;
  }

  forget(): void {
    this.#inputs = undefined;
  }

  /** By logical name. */
  async input(name: string): Promise<PipelineInput> {
    const inputs = await this.inputs();
    const found = inputs.find(({ input }) => input === name);
    if (found === undefined) throw new Error(`it reads ${inputs.map(({ input }) => input).join(", ")}`);
    return found;
  }

  async partitions(input: string): Promise<DurableObjectStub<Partition>[]> {
    const { topicId, partitions } = await this.input(input);
    return Array.from({ length: partitions }, (_, number) => partition(this.#env, topicId, number));
  }

  /** Every partition that has a task, in the order of the pipeline. */
  async allPartitions(): Promise<DurableObjectStub<Partition>[]> {
    const inputs = await this.inputs();
    return (await Promise.all(inputs.map(({ input }) => this.partitions(input)))).flat();
  }

  async append(input: string, number: number, records: readonly TestRecord[]): Promise<void> {
    const { topicId } = await this.input(input);
    const request = { batch: batchOf(records), largestRecordBytes: 100 };
    const answer = await partition(this.#env, topicId, number).append(request);
    if (!answer.ok) throw new Error(answer.message);
  }

  async drain(timeoutMs = 20_000): Promise<unknown> {
    return drainTasks(this.#env, await this.record(), timeoutMs);
  }

  async statuses(): Promise<TaskStatus[]> {
    const stubs = await this.allPartitions();
    const answers = await Promise.all(stubs.map((stub) => stub.tasks({ pipeline: this.name })));
    return answers.flatMap((answer) => (answer.ok ? answer.tasks : []));
  }

  /** All rows of a store, over its partitions. */
  async store(store: string): Promise<Map<string, unknown>> {
    const rows = new Map<string, unknown>();
    const { stores } = await this.record();
    for (const stub of await this.partitions(stores.find(({ name }) => name === store)?.input ?? "")) {
      const query = { kind: "scan", limit: 1_000 } as const;
      const answer = await stub.readStore({ pipeline: this.name, store, query, waitMs: 0 });
      if (!answer.ok) throw new Error(answer.message);
      for (const { key, value, start } of answer.rows)
        rows.set(start === undefined ? key : `${key}@${start}`, JSON.parse(value));
    }
    return rows;
  }
}
