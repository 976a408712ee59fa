import { Hono } from "hono";
import { JsonWriter } from "../../schema/json-writer.ts";
import { writeRecordJson } from "../../schema/record-text.ts";
import type { LetterState } from "../../schema/rpc/task.ts";
import { noQuery } from "../../schema/wire/request/parameter.ts";
import { deadLetterQuery, redriveBody } from "../../schema/wire/request/pipeline.ts";
import { answered, json, jsonText } from "../answer.ts";
import {
  askSenders,
  findLetters,
  type FoundLetter,
  type FoundLetters,
  letterPlaceOf,
  letterToRedrive,
} from "../dead-letters.ts";
import type { Edge } from "../edge.ts";
import { bodyOf, withQuery } from "../input.ts";
import { pipelineOf } from "../pipeline-tasks.ts";
import { problem } from "../refuse.ts";

/** Letters that one request redrives. */
const MAX_REDRIVEN = 2_000;
const FRAME_BYTES = 200;
/** What to do about letters that cannot be redriven (ERR-7). */
const UNFIT =
  "What is unfit is no record of the input: a result that failed when a batch ended or a window closed, say. Mend the code, then reset the pipeline or swap a fork in, so that it makes the result anew";

function writeLetter(writer: JsonWriter, { partition, offset, letter }: FoundLetter, state: LetterState): void {
  const { kind, error, stack, node, version, incarnation, task, target } = letter;
  const said = { partition, offset, state, kind, error, stack, node, version, incarnation, topic: task.topic, target };
  writer.text(`${JSON.stringify(said).slice(0, -1)},"record":`);
  const record = { ...letter.record, offset: letter.taskOffset };
  writeRecordJson(writer, record, { partition: task.partition, binary: false });
  writer.text("}");
}

/** Stored values are copied as they are, never parsed. */
function listText(
  topic: string,
  { letters, cursor }: Omit<FoundLetters, "starts">,
  states: ReadonlyMap<FoundLetter, LetterState>,
): Uint8Array<ArrayBuffer> {
  const writer = new JsonWriter(FRAME_BYTES * (1 + letters.length));
  writer.text(`{"topic":${JSON.stringify(topic)},"deadLetters":[`);
  for (const [index, found] of letters.entries()) {
    if (index > 0) writer.text(",");
    writeLetter(writer, found, states.get(found) ?? "former");
  }
  writer.text(cursor === undefined ? "]}" : `],"cursor":${JSON.stringify(cursor)}}`);
  return writer.take();
}

export const deadLetters: Hono<Edge> = new Hono<Edge>();

deadLetters.get(
  "/v1/pipelines/:pipeline/dead-letters",
  withQuery(deadLetterQuery, async (context, { limit, ...filter }) => {
    const { env } = context;
    const asked = await pipelineOf(context);
    if (!asked.ok) return problem(asked);
    const { pipeline } = asked;
    const found = await findLetters(env, pipeline, { filter, limit });
    if (!found.ok) return problem(found);
    const told = await askSenders(env, pipeline, {
      found: found.letters,
      call: (stub, own, incarnation) =>
        stub.letterStates({ pipeline: pipeline.name, incarnation, letters: own.map(letterPlaceOf) }),
    });
    if (!told.ok) return problem(told);
    const states = new Map<FoundLetter, LetterState>();
    for (const { own, answer } of told.answers)
      for (const [at, letter] of own.entries()) states.set(letter, answer.states[at] ?? "former");
    return jsonText(listText(pipeline.deadLetters?.topic ?? "", found, states));
  }),
);

/** Each letter takes effect once, however often it is asked; they run when this has answered (ERR-5, ERR-7). */
deadLetters.post(
  "/v1/pipelines/:pipeline/redrive",
  withQuery(noQuery, async (context) => {
    const { env } = context;
    const asked = await pipelineOf(context);
    if (!asked.ok) return problem(asked);
    const body = await bodyOf(context, redriveBody);
    if (!body.ok) return problem(body);
    const { pipeline } = asked;
    const { name } = pipeline;
    const found = await findLetters(env, pipeline, { filter: body.value, limit: MAX_REDRIVEN });
    if (!found.ok) return problem(found);
    const done = await askSenders(env, pipeline, {
      found: found.letters,
      call: (stub, own, incarnation) =>
        stub.redrive({ pipeline: name, incarnation, letters: own.map(letterToRedrive), starts: found.starts }),
    });
    return answered(done, ({ answers }) => {
      const sum = (state: LetterState): number => answers.reduce((total, { answer }) => total + answer[state], 0);
      const gone = found.letters.length - answers.reduce((total, { own }) => total + own.length, 0);
      const counts = {
        redriven: sum("waiting"),
        already: sum("redriven"),
        former: sum("former") + gone,
        unfit: sum("unfit"),
      };
      const hint = counts.unfit === 0 ? {} : { hint: UNFIT };
      return json({ name, ...counts, ...hint, ...(found.cursor === undefined ? {} : { cursor: found.cursor }) });
    });
  }),
);
