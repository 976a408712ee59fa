import * as z from "zod";
import { consumerRecord } from "./read.ts";

const deadLetter = z
  .object({
    partition: z.int().meta({ description: "Of the dead-letter topic, as is the offset." }),
    offset: z.int(),
    state: z.enum(["waiting", "redriven", "former", "unfit"]).meta({
      description:
        "`waiting` can be redriven, `redriven` was, `former` is of an incarnation that has ended, `unfit` is no record of the input.",
    }),
    kind: z.enum(["record", "parked", "result", "refused"]),
    error: z.string(),
    stack: z.string(),
    node: z.string(),
    version: z.int(),
    incarnation: z.int(),
    topic: z.string().meta({ description: "What the task reads; `record` is of it." }),
    target: z.string().meta({ description: "What refused it." }).optional(),
    record: consumerRecord,
  })
  .meta({ id: "DeadLetter" });

export const deadLetterList = z
  .object({
    topic: z.string(),
    deadLetters: z.array(deadLetter),
    cursor: z.string().meta({ description: "For what comes after these; absent at the end." }).optional(),
  })
  .meta({ id: "DeadLetterList" });

export const redriveAnswer = z
  .object({
    name: z.string(),
    redriven: z.int().meta({ description: "Given to their tasks again by this call." }),
    already: z.int().meta({ description: "Were redriven before, or have left their topic meanwhile." }),
    former: z.int(),
    unfit: z.int(),
    hint: z.string().meta({ description: "What to do about those that are unfit." }).optional(),
    cursor: z.string().meta({ description: "Call again with it for the rest; absent at the end." }).optional(),
  })
  .meta({ id: "Redrive" });

export type DeadLetterListJson = z.infer<typeof deadLetterList>;
export type RedriveJson = z.infer<typeof redriveAnswer>;
