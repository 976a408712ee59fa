import * as z from "zod";

const pipelineState = z.enum(["running", "bootstrapping", "paused", "failed"]);

const identity = {
  name: z.string(),
  version: z.int(),
  incarnation: z.int(),
  state: pipelineState,
  trigger: z.string(),
  sources: z.array(z.string()),
  error: z.string().optional(),
};

export const pipelineList = z.object({ pipelines: z.array(z.object(identity)) }).meta({ id: "PipelineList" });

const taskStatus = z
  .object({
    topic: z.string(),
    partition: z.int(),
    version: z.int(),
    incarnation: z.int(),
    state: z.enum(["running", "paused", "failed"]),
    position: z.int(),
    lag: z.int(),
    muted: z.boolean().meta({ description: "Of a fork: nothing of it goes to users' topics and sinks." }),
    stopAt: z.int().meta({ description: "Where it stops for a swap." }).optional(),
    watermark: z.int().meta({
      description:
        "Event time by which windows close, ms: of the clocks of the task's operators the least, delays taken off; without any the largest record time. -1 while it has not begun.",
    }),
    recordsIn: z.int(),
    recordsOut: z.int(),
    lateRecords: z.int(),
    deadLetters: z.int(),
    droppedRecords: z.int().meta({ description: "Records an aggregate must drop: those without a key." }),
    skippedRecords: z.int().meta({
      description: "Records that a trim, or retention that does not wait, removed before the task had read them.",
    }),
    outbox: z.int(),
    redriving: z.int().meta({ description: "Dead letters, or parked keys, given to the task again and not yet run." }),
    heldBackBy: z
      .array(z.string())
      .meta({
        description: "Tasks `topic/partition` that hold event time back here, because they have not come further.",
      })
      .optional(),
    rowsWritten: z.int().meta({
      description: "By the slices of the task so far: rows of state and outbox, and its own.",
    }),
    lastBatch: z
      .object({
        batchId: z.int(),
        from: z.int(),
        to: z.int(),
        durationMs: z.number(),
        rowsWritten: z.int(),
      })
      .optional(),
    error: z.string().optional(),
  })
  .meta({ id: "TaskStatus" });

export const pipelineDescription = z
  .object({
    ...identity,
    topology: z.object({
      nodes: z.array(
        z.object({
          name: z.string(),
          kind: z.string(),
          inputs: z.array(z.string()),
          detail: z.string().optional(),
          task: z.string().meta({ description: "The `topic` of the tasks that run it." }).optional(),
        }),
      ),
      mermaid: z.string().meta({ description: "A flowchart." }),
      text: z.string().meta({ description: "The same in lines, a node each." }),
    }),
    tasks: z.array(taskStatus),
    fork: z
      .object({
        version: z.int(),
        incarnation: z.int(),
        state: z.enum(["bootstrapping", "running", "swapping", "abandoning"]),
        error: z.string().optional(),
        tasks: z.array(taskStatus),
      })
      .optional()
      .meta({ description: "Another version that runs beside it, muted." }),
  })
  .meta({ id: "PipelineDescription" });

const place = z.object({ topic: z.string(), partition: z.int(), offset: z.int() });

/** `complete` is false where the history does not begin at offset 0. */
export const pipelineReset = z
  .object({ name: z.string(), incarnation: z.int(), starts: z.array(place), complete: z.boolean() })
  .meta({ id: "PipelineReset" });

export const pipelineFork = z
  .object({
    name: z.string(),
    version: z.int(),
    incarnation: z.int(),
    starts: z.array(place),
    complete: z.boolean(),
  })
  .meta({ id: "PipelineFork" });

export const pipelineSwap = z
  .object({
    name: z.string(),
    version: z.int(),
    incarnation: z.int(),
    swappedAt: z.array(place).meta({
      description: "What records below these offsets caused the former version has sent, the rest the new one.",
    }),
  })
  .meta({ id: "PipelineSwap" });

export const pipelineAction = z
  .object({ name: z.string(), tasks: z.int().meta({ description: "Tasks that answered." }) })
  .meta({ id: "PipelineAction" });

export const pipelineStateAnswer = z.object({ name: z.string(), state: pipelineState }).meta({ id: "PipelineState" });

export type PipelineDescription = z.infer<typeof pipelineDescription>;
