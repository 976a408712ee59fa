import type { LetterKind } from "../dead-letter.ts";
import type { Bytes, Header } from "../record.ts";

export interface PlanIdentity {
  readonly version: number;
  /** Equal for equal code. */
  readonly hash: string;
}

/** A topic that a task writes, resolved once: id and partition count never change. */
export interface OutputTopic {
  readonly topicId: string;
  readonly partitions: number;
  /**
   * Of an internal topic: the number, among the tasks that write it, of this task in partition 0; in partition n it is
   * `from + n`.
   */
  readonly from?: number | undefined;
  /** How many tasks write it. */
  readonly upstreams?: number | undefined;
}

export type StartFrom = "earliest" | "latest";

/** Where a task on a users' topic begins. */
export interface TaskStart {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export interface AttachRequest {
  readonly pipeline: string;
  readonly version: number;
  readonly incarnation: number;
  readonly from: "earliest" | "latest";
  /** What the task reads: the topic by its name, or an internal one by its logical name `__<node>`. */
  readonly input: string;
  /** By name; internal ones by their logical names. */
  readonly outputs: { readonly [topic: string]: OutputTopic };
  /** Of an internal input, by tag: the numbers of the tasks that write it, `from <= number < to`. */
  readonly upstreams: readonly { readonly from: number; readonly to: number }[];
  /** How the plan is cut: a task whose code is cut otherwise does not run (ENG-12). */
  readonly wiring: string;
  /** Of a fork: it runs beside the pipeline's task, and what it has for users' topics and sinks is not sent. */
  readonly muted?: boolean | undefined;
  /**
   * At a start in order (CAT-23): `first` runs to the end of its log of this moment whatever the trigger; `held` waits,
   * paused, until it is resumed.
   */
  readonly order?: "first" | "held" | undefined;
}

export interface Attached {
  readonly startOffset: number;
  /** Where the log ended when the task was attached first, of one that is to run that far. */
  readonly endOffset: number;
}

export interface DrainRequest {
  readonly pipeline: string;
  /** The one that is not muted, unless given. */
  readonly incarnation?: number | undefined;
  readonly timeoutMs: number;
  /** Offset to which the task should come; where its log ends unless given. */
  readonly to?: number | undefined;
  /** What has been sent to the pipeline's own topics is waited for, and nothing else; files stay open. */
  readonly within?: boolean | undefined;
}

export interface RetireRequest {
  readonly pipeline: string;
  /** Tasks of older incarnations end. */
  readonly before: number;
  /** Those of this incarnation alone. */
  readonly only?: number | undefined;
  /** Waits so long, ms, for what they have in the outbox to be delivered. */
  readonly waitMs: number;
  /** What they have for D1 and R2 is not delivered any more, except what is on its way. */
  readonly drop?: boolean | undefined;
}

/** A dead letter for the task that sent it. */
export interface LetterPlace {
  /** Where it lies in the dead-letter topic. */
  readonly partition: number;
  readonly offset: number;
  readonly incarnation: number;
  readonly kind: LetterKind;
  readonly key: Bytes | null;
  /** In the task's input; -1 of what a target refused. */
  readonly taskOffset: number;
}

/** Where a partition of a dead-letter topic begins. */
export interface LetterStart {
  readonly partition: number;
  readonly offset: number;
}

export interface LetterToRedrive extends LetterPlace {
  /** As it lies in the task's input; of what a target refused as the target was to have it. */
  readonly value: Bytes | null;
  readonly timestampMs: number;
  readonly headers: readonly Header[];
  /** Of what a target refused. */
  readonly target?: string | undefined;
}

/**
 * `waiting`: it can be redriven. `redriven`: it was. `former`: its incarnation has ended, and what came after has read the
 * record anew. `unfit`: it is no record of the input, or larger than what can be kept.
 */
export type LetterState = "waiting" | "redriven" | "former" | "unfit";

/** How many were in each state when they were to be redriven; those `waiting` are redriven now. */
export type RedriveCounts = { readonly [state in LetterState]: number };

export interface TaskStatus {
  readonly pipeline: string;
  readonly version: number;
  readonly incarnation: number;
  /** What it reads: an internal topic by its logical name `__<node>`. */
  readonly topic: string;
  readonly partition: number;
  readonly state: "running" | "paused" | "failed";
  readonly position: number;
  readonly lag: number;
  /** It is of a fork, and nothing of it goes to users' topics and sinks. */
  readonly muted: boolean;
  /** Where it stops for a swap. */
  readonly stopAt?: number | undefined;
  /** Event time by which windows close here (ENG-34); -1 while it has not begun. */
  readonly watermark: number;
  readonly recordsIn: number;
  readonly recordsOut: number;
  readonly lateRecords: number;
  readonly deadLetters: number;
  readonly skippedRecords: number;
  /** Records an operator must drop: a null key in an aggregate. */
  readonly droppedRecords: number;
  /** Undelivered outbox rows. */
  readonly outbox: number;
  /** Dead letters, or parked keys, that it was given again and has still to run. */
  readonly redriving: number;
  /** Of an internal input: tasks `topic/partition` that hold event time back, because they have not come further (ENG-20). */
  readonly heldBackBy?: readonly string[] | undefined;
  /** By its slices so far: rows of state and outbox, and the task's own. */
  readonly rowsWritten: number;
  readonly lastBatch?:
    | {
        readonly batchId: number;
        readonly from: number;
        readonly to: number;
        readonly durationMs: number;
        readonly rowsWritten: number;
      }
    | undefined;
  readonly error?: string | undefined;
}
