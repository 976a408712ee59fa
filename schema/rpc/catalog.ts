import type { Answer } from "../error.ts";
import type { TopicConfig } from "../topic-config.ts";
import type { TopicIdentity } from "./log.ts";
import type { StoreDescription } from "./store.ts";
import type { StartFrom, TaskStart } from "./task.ts";

export interface PipelineRecord {
  readonly name: string;
  readonly version: number;
  readonly incarnation: number;
  readonly state: "running" | "bootstrapping" | "paused" | "failed";
  readonly sources: readonly string[];
  readonly trigger: string;
  readonly stores: readonly PipelineStore[];
  /** What its tasks read, each in all its partitions; those it wrote itself stand after those they are written from. */
  readonly inputs: readonly PipelineInput[];
  readonly fork?: ForkRecord | undefined;
  /** Absent while it is not there. */
  readonly deadLetters?: TopicPlace | undefined;
  readonly topology: { readonly nodes: readonly TopologyNode[]; readonly mermaid: string; readonly text: string };
  readonly error?: string | undefined;
}

/** Another version that runs beside the pipeline, muted. */
export interface ForkRecord {
  readonly version: number;
  readonly incarnation: number;
  readonly state: "bootstrapping" | "running" | "swapping" | "abandoning";
  readonly inputs: readonly PipelineInput[];
  readonly error?: string | undefined;
}

export interface TopicPlace {
  readonly topic: string;
  readonly topicId: string;
  readonly partitions: number;
}

export interface PipelineInput {
  /** The topic's name, or the logical name of an internal one, `__<node>`. */
  readonly input: string;
  readonly topicId: string;
  readonly partitions: number;
}

export interface PipelineStore extends StoreDescription {
  /** The input of the tasks that keep it. */
  readonly input: string;
}

export interface TopologyNode {
  readonly name: string;
  readonly kind: string;
  readonly inputs: readonly string[];
  readonly detail?: string | undefined;
  /** What the task that runs it reads: a topic, or an internal one by its logical name. */
  readonly task?: string | undefined;
}

export interface CatalogRpc {
  createTopic(request: {
    topic: string;
    partitions: number;
    config: Partial<TopicConfig>;
  }): Promise<Answer<{ readonly created: boolean; readonly identity: TopicIdentity }>>;
  topics(request: object): Promise<Answer<{ readonly topics: readonly TopicIdentity[] }>>;
  topic(request: {
    topic: string;
  }): Promise<Answer<{ readonly identity: TopicIdentity; readonly heldBy: readonly string[] }>>;
  configureTopic(request: {
    topic: string;
    config: Partial<TopicConfig>;
  }): Promise<Answer<{ readonly identity: TopicIdentity }>>;
  deleteTopic(request: { topic: string; force: boolean }): Promise<Answer>;
  allocateProducer(request: object): Promise<Answer<{ readonly producerId: number; readonly producerEpoch: number }>>;
  pipelines(request: object): Promise<Answer<{ readonly pipelines: readonly PipelineRecord[] }>>;
  pipeline(request: { name: string }): Promise<Answer<{ readonly pipeline: PipelineRecord }>>;
  /**
   * Starts the pipeline from nothing under a new incarnation. What former ones wrote into its D1 tables and R2 prefixes stays,
   * unless outputs are deleted; records of topics always do.
   */
  resetPipeline(request: {
    name: string;
    from: StartFrom;
    outputs?: "keep" | "delete" | undefined;
  }): Promise<Answer<{ readonly incarnation: number; readonly starts: readonly TaskStart[] }>>;
  /**
   * Starts another version of the bundle beside the one that runs, its outputs muted: the highest, unless told. Called again
   * for the same version it changes nothing.
   */
  forkPipeline(request: {
    name: string;
    version?: number | undefined;
    from: StartFrom;
  }): Promise<
    Answer<{ readonly version: number; readonly incarnation: number; readonly starts: readonly TaskStart[] }>
  >;
  /** The one that runs stops, at offsets that are answered, and the fork goes on from there unmuted, in its place. */
  swapPipeline(request: {
    name: string;
    version?: number | undefined;
  }): Promise<
    Answer<{ readonly version: number; readonly incarnation: number; readonly swappedAt: readonly TaskStart[] }>
  >;
  /** Ends the fork: nothing of it is left. */
  abandonFork(request: { name: string }): Promise<Answer>;
  setPipelineState(request: { name: string; state: "running" | "paused" }): Promise<Answer>;
  /** D1 tables the bundle's pipelines write, for reading them over HTTP. */
  tables(request: object): Promise<Answer<{ readonly tables: readonly TableDescription[] }>>;
  /** Starts pipelines whose topics now exist and touches partitions that have tasks: called by cron and at every start. */
  reconcile(request: object): Promise<Answer>;
}

export interface TableDescription {
  readonly table: string;
  readonly pipeline: string;
  readonly columns: readonly string[];
}
