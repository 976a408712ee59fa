// What crosses between Workers, the Catalog and Partitions. Every method takes one object and ignores fields it does not
// know (a deploy may be half out); refusals are values, because errors lose their class over Durable Object RPC.
import type { Answer } from "../error.ts";
import type { TopicConfig } from "../topic-config.ts";
import type {
  AppendRequest,
  Appended,
  DeliverRequest,
  PartitionDescription,
  ProducerPosition,
  ReadAnswer,
  ReadRequest,
} from "./log.ts";
import type {
  ChangesAnswer,
  ChangesRequest,
  StoreAnswer,
  StoreReadRequest,
  StoreSqlAnswer,
  StoreSqlRequest,
} from "./store.ts";
import type {
  AttachRequest,
  Attached,
  DrainRequest,
  LetterPlace,
  LetterStart,
  LetterState,
  LetterToRedrive,
  RedriveCounts,
  RetireRequest,
  TaskStatus,
} from "./task.ts";

export interface PartitionRpc {
  open(request: { topic: string; topicId: string; partition: number; config: TopicConfig }): Promise<Answer>;
  configure(request: { config: TopicConfig }): Promise<Answer>;
  /**
   * Records before the offset are not there any more, whether tasks have read them or not; an offset before the start changes
   * nothing.
   */
  trim(request: { offset: number }): Promise<Answer<{ readonly logStartOffset: number }>>;
  erase(request: object): Promise<Answer>;
  append(request: AppendRequest): Promise<Answer<Appended>>;
  read(request: ReadRequest): Promise<Answer<ReadAnswer>>;
  describe(request: object): Promise<Answer<PartitionDescription>>;
  producer(request: { producerId: string }): Promise<Answer<{ readonly position: ProducerPosition | null }>>;
  deliver(request: DeliverRequest): Promise<Answer<{ readonly last: number }>>;
  attach(request: AttachRequest): Promise<Answer<Attached>>;
  /** Stops the pipeline's task for good with this error; its state is kept. */
  fail(request: { pipeline: string; reason: string }): Promise<Answer>;
  /**
   * Ends the pipeline's tasks of older incarnations here. What they have in the outbox for users' targets is still
   * delivered: `left` names the targets for which some is left, empty when nothing of them is.
   */
  retire(request: RetireRequest): Promise<Answer<{ readonly left: readonly string[] }>>;
  tasks(request: { pipeline?: string | undefined }): Promise<Answer<{ readonly tasks: readonly TaskStatus[] }>>;
  pause(request: { pipeline: string; incarnation?: number | undefined }): Promise<Answer>;
  /** `only`: where its task is in that state. */
  resume(request: {
    pipeline: string;
    incarnation?: number | undefined;
    only?: "paused" | "failed" | undefined;
  }): Promise<Answer>;
  run(request: { pipeline: string }): Promise<Answer>;
  drain(request: DrainRequest): Promise<Answer>;
  /**
   * The pipeline's tasks here, a fork's too, stop where the log ends now, and answer where that is; called again they answer
   * the same. `fork`: the incarnation of the one that reads here: once that has taken over, or has been abandoned, a call
   * that comes late stops nothing.
   */
  halt(request: { pipeline: string; fork?: number | undefined }): Promise<Answer<{ readonly offset: number }>>;
  /** They go on. */
  goOn(request: { pipeline: string }): Promise<Answer>;
  /** What the task of this incarnation sends goes out from now on, and it goes on. */
  unmute(request: { pipeline: string; incarnation: number }): Promise<Answer>;
  /** Gives a task dead letters again: each once, however often it is asked. They run when this has answered. */
  redrive(request: {
    pipeline: string;
    incarnation: number;
    letters: readonly LetterToRedrive[];
    /** Of partitions of the dead-letter topic: what lay before is gone from them. */
    starts?: readonly LetterStart[] | undefined;
  }): Promise<Answer<RedriveCounts>>;
  /** Of each letter, in order. */
  letterStates(request: {
    pipeline: string;
    incarnation: number;
    letters: readonly LetterPlace[];
  }): Promise<Answer<{ readonly states: readonly LetterState[] }>>;
  readStore(request: StoreReadRequest): Promise<Answer<StoreAnswer>>;
  /** One SELECT over the stores that a task has here. */
  sql(request: StoreSqlRequest): Promise<Answer<StoreSqlAnswer>>;
  /** What a follower of a store gets next. From the first call on the store's changes are kept for a while. */
  changes(request: ChangesRequest): Promise<Answer<ChangesAnswer>>;
  /** Wakes the object; its timers and deliveries go on. */
  touch(request: object): Promise<Answer>;
}
